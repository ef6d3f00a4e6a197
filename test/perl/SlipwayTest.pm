# What the TAP tests of pg_slipway share: a server with the extension, the
# client, and folders of migrations.

package SlipwayTest;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(new_node slipway write_folder list_processes);

# The client takes defaults from these; a test sets with local what it wants.
delete @ENV{
	grep { /^(SLIPWAY_|DB_)/ || /^(DATABASE_URL|DSN|MIGRATIONS_PATH)$/ }
	  keys %ENV
};

# A running server, with the extension in the database postgres.
#   extension => 0   leaves the extension out
#   conf => TEXT     lines for postgresql.conf
sub new_node
{
	my ($name, %option) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', $option{conf})
	  if defined $option{conf};
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_slipway')
	  if $option{extension} // 1;
	return $node;
}

# Runs the client on the node's database postgres (a -d among the arguments
# wins), or with no connection at all where the node is undef. Returns its exit
# code (128 + N if signal N ended it), stdout and stderr.
sub slipway
{
	my ($node, @args) = @_;
	my @connection =
	  defined $node ? ('-d', $node->connstr('postgres')) : ();
	my ($stdout, $stderr) = ('', '');

	IPC::Run::run(
		[ 'slipway', @connection, @args ],
		'<', \undef, '>', \$stdout, '2>', \$stderr,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	my $exit = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	return ($exit, $stdout, $stderr);
}

# Writes files, given as name => content, into a folder and returns its path.
# Without a path the folder is a new one that goes away with the test. Content
# is bytes.
sub write_folder
{
	my ($files, $folder) = @_;
	$folder //= PostgreSQL::Test::Utils::tempdir;

	for my $name (sort keys %$files)
	{
		open my $file, '>:raw', "$folder/$name"
		  or die "could not open $folder/$name: $!\n";
		print $file $files->{$name};
		close $file or die "could not write $folder/$name: $!\n";
	}
	return $folder;
}

# The command lines of all processes, as everybody can see them; '' without /proc.
sub list_processes
{
	my $list = '';

	for my $path (glob '/proc/[0-9]*/cmdline')
	{
		# it may have ended by now
		open my $file, '<', $path or next;
		local $/ = undef;
		my $text = <$file> // '';
		$list .= $text =~ tr/\0/ /r . "\n";
	}
	return $list;
}

1;
