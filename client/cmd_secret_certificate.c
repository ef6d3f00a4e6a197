/*
 * cmd_secret_certificate.c
 *	  slipway secret put-certificate
 *
 * What would not work later is refused now: files that are no PEM, a key of another certificate, one with a passphrase.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "secret_command.h"

static BIO *
open_text(const SlipwaySecretBuffer *text)
{
	BIO		   *bio = BIO_new_mem_buf(text->data, (int) text->length);

	if (bio == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
	return bio;
}

static void
warn_of_time(const char *path, const X509 *certificate)
{
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		slipway_output_warn(NULL, "the certificate in \"%s\" has expired", path);
	else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		slipway_output_warn(NULL, "the certificate in \"%s\" is not valid yet", path);
}

/* The first of the certificates; all of them have to be good. */
static X509 *
read_certificates(const char *path, const SlipwaySecretBuffer *text)
{
	BIO		   *bio = open_text(text);
	X509	   *first;
	X509	   *next;

	ERR_clear_error();
	first = PEM_read_bio_X509(bio, NULL, NULL, (void *) "");
	next = first;
	while (next != NULL)
	{
		warn_of_time(path, next);
		if (next != first)
			X509_free(next);
		next = PEM_read_bio_X509(bio, NULL, NULL, (void *) "");
	}
	BIO_free(bio);
	if (first == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "It begins with -----BEGIN CERTIFICATE-----.",
					"\"%s\" has no certificate in PEM", path);
	/* at the end there is nothing that begins as one */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		slipway_die(SLIPWAY_EXIT_USAGE, "The first one is good.", "\"%s\" has a malformed certificate", path);
	ERR_clear_error();
	return first;
}

/* With an empty passphrase nobody is asked for one. */
static void
check_key(const char *path, const SlipwaySecretBuffer *text, const char *certificate_path, const X509 *certificate)
{
	BIO		   *bio = open_text(text);
	EVP_PKEY   *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *) "");
	bool		fits = key != NULL && X509_check_private_key(certificate, key) == 1;

	BIO_free(bio);
	if (key == NULL && strstr(text->data, "ENCRYPTED") != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Take the passphrase off: the store keeps the key, as \"openssl pkey -in FILE\" prints it.",
					"the private key in \"%s\" has a passphrase", path);
	if (key == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "It begins with -----BEGIN PRIVATE KEY-----.", "\"%s\" has no private key in PEM", path);
	EVP_PKEY_free(key);
	if (!fits)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "the private key in \"%s\" is not that of the certificate in \"%s\"", path,
					certificate_path);
}

static void
read_part(const char *path, SlipwaySecretBuffer *text)
{
	if (path != NULL)
		slipway_secret_command_read(path, NULL, text);
	if (path != NULL && text->length == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "\"%s\" is empty", path);
}

static void
report(const SlipwaySecretStore *store, const char *name)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:s}", "event", "certificate_stored", "name", slipway_output_json_text(name),
									  "prefix", slipway_output_json_text(slipway_secret_store_prefix(store)),
									  "store", slipway_secret_store_place(store)));
	else
		slipway_output_say("%s%s: certificate stored in %s", slipway_secret_store_prefix(store), name,
						   slipway_secret_store_place(store));
}

SlipwayExitCode
slipway_cmd_secret_put_certificate(const SlipwayArguments *arguments)
{
	SlipwaySecretStore *store = slipway_secret_command_begin(arguments);
	const char *name = arguments->word_count > 1 ? slipway_secret_command_name(store, arguments->words[1]) : SLIPWAY_SECRET_TLS;
	const char *root = slipway_option_text(arguments, SLIPWAY_OPTION_ROOT);
	const char *certificate = slipway_option_text(arguments, SLIPWAY_OPTION_CERT);
	const char *key = slipway_option_text(arguments, SLIPWAY_OPTION_KEY);
	SlipwaySecretCertificate parts = {0};

	if (root == NULL && certificate == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Pass --root FILE, or --cert FILE with --key FILE, or all of them.",
					"nothing says what is to be stored");
	if ((certificate == NULL) != (key == NULL))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "options \"--cert\" and \"--key\" go together");
	read_part(root, &parts.root);
	read_part(certificate, &parts.certificate);
	read_part(key, &parts.private_key);
	if (root != NULL)
		X509_free(read_certificates(root, &parts.root));
	if (certificate != NULL)
	{
		X509	   *own = read_certificates(certificate, &parts.certificate);

		check_key(key, &parts.private_key, certificate, own);
		X509_free(own);
	}
	slipway_secret_fault_check(slipway_secret_store_put_certificate(store, name, &parts));
	slipway_secret_certificate_release(&parts);
	report(store, name);
	return SLIPWAY_EXIT_DONE;
}
