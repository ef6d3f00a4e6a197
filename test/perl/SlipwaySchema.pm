# Checks what the client prints with --json against doc/json/slipway.schema.json,
# as far as that uses the words of JSON Schema; strictly: a member that is not
# documented is an error.

package SlipwaySchema;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Basename qw(dirname);
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayClient;
use Test::More;

our @EXPORT = qw(json_fits);

my $schema = JSON::PP::decode_json(PostgreSQL::Test::Utils::slurp_file(
		dirname(__FILE__) . '/../../doc/json/slipway.schema.json'));

sub type_of
{
	my ($value) = @_;

	return 'null' unless defined $value;
	return 'boolean' if JSON::PP::is_bool($value);
	return { HASH => 'object', ARRAY => 'array' }->{ ref $value } if ref $value;
	my $text = JSON::PP->new->allow_nonref->encode($value);
	return $text =~ /^"/ ? 'string' : $text =~ /^-?\d+$/ ? 'integer' : 'number';
}

sub has_type
{
	my ($value, $types) = @_;
	my $type = type_of($value);

	return grep { $_ eq $type || ($_ eq 'number' && $type eq 'integer') } ref $types ? @$types : $types;
}

# What is wrong with a value, or nothing.
sub faults
{
	my ($value, $rule, $where) = @_;
	my @faults;

	$rule = $schema->{'$defs'}{ $rule->{'$ref'} =~ s/.*\///r } if exists $rule->{'$ref'};
	return "$where is a " . type_of($value) if exists $rule->{type} && !has_type($value, $rule->{type});
	return "$where is " . ($value // 'null')
	  if exists $rule->{enum} && !grep { ($_ // "\0") eq ($value // "\0") } @{ $rule->{enum} };
	return "$where is $value" if exists $rule->{pattern} && defined $value && $value !~ /$rule->{pattern}/;
	if (ref $value eq 'ARRAY')
	{
		push @faults, faults($_, $rule->{items}, "an item of $where") for @$value;
	}
	return @faults unless ref $value eq 'HASH';
	push @faults, map { "$where lacks $_" } grep { !exists $value->{$_} } @{ $rule->{required} };
	for my $key (sort keys %$value)
	{
		my $member = $rule->{properties}{$key} // $rule->{additionalProperties};
		push @faults, defined $member ? faults($value->{$key}, $member, $key) : "$key is not documented";
	}
	return @faults;
}

# Every line is one of the objects of that name in the schema, and each of them
# is there, but for those with a ? behind their name, which may be. Returns the objects.
sub json_fits
{
	my ($out, $names, $name) = @_;
	my %missing = map { $_ => 1 } grep { !/\?$/ } @$names;
	my $objects = json_lines($out);
	my @faults;

	$names = [ map { s/\?$//r } @$names ];
	for my $object (@$objects)
	{
		my %found = map { $_ => [ faults($object, $schema->{'$defs'}{$_}, 'it') ] } @$names;
		my ($fit) = grep { !@{ $found{$_} } } @$names;

		delete $missing{$fit} if defined $fit;
		push @faults, JSON::PP->new->canonical->encode($object) . ': '
		  . join(', ', map { "no $_ (@{ $found{$_} })" } @$names)
		  unless defined $fit;
	}
	push @faults, map { "there is no $_" } sort keys %missing;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join("\n", @faults), '', $name);
	return $objects;
}

1;
