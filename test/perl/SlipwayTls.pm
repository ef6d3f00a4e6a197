# Keys and certificates for servers and clients of the tests.

package SlipwayTls;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(has_openssl openssl make_certificate);

sub has_openssl
{
	return system('openssl version >/dev/null 2>&1') == 0;
}

# In a folder, which gets the log of it too.
sub openssl
{
	my ($folder, @args) = @_;

	system('sh', '-c', 'exec openssl "$@" >>"$0" 2>&1', "$folder/openssl.log", @args) == 0
	  or die "openssl @args failed: " . slurp_file("$folder/openssl.log") . "\n";
	return;
}

# A key and a certificate in FILE.key and FILE.crt, signed by itself or by CA.
sub make_certificate
{
	my ($folder, $file, $subject, $ca) = @_;
	my @key = ('-newkey', 'rsa:2048', '-nodes', '-keyout', "$folder/$file.key", '-subj', "/CN=$subject");

	if (defined $ca)
	{
		openssl($folder, 'req', '-new', @key, '-out', "$folder/$file.csr");
		openssl($folder, 'x509', '-req', '-in', "$folder/$file.csr", '-CA', "$folder/$ca.crt", '-CAkey', "$folder/$ca.key",
			'-CAcreateserial', '-days', '2', '-out', "$folder/$file.crt");
	}
	else
	{
		openssl($folder, 'req', '-x509', @key, '-days', '2', '-out', "$folder/$file.crt");
	}
	chmod 0600, "$folder/$file.key" or die "chmod: $!\n";
	return;
}

1;
