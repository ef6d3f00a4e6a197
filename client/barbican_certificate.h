/*
 * barbican_certificate.h
 *	  TLS material in Barbican: a certificate container with a certificate, its private key and, as intermediates, what servers are verified
 *	  with. With the last one only it is a generic container, as Barbican wants a certificate in the other.
 */
#ifndef SLIPWAY_BARBICAN_CERTIFICATE_H
#define SLIPWAY_BARBICAN_CERTIFICATE_H

#include "barbican_secret.h"

/* Containers of that name, prefix included, with TLS material, or with nothing any more, oldest first. */
SlipwaySecretFault *slipway_barbican_find_certificates(SlipwayBarbicanStore *store, const char *name, json_t **containers);

/* Is it a container with TLS material? */
bool		slipway_barbican_is_certificate(const json_t *container);

/* Removes containers and what is in them. */
SlipwaySecretFault *slipway_barbican_delete_certificates(SlipwayBarbicanStore *store, const json_t *containers);

/* As secret_store.h has them. */
SlipwaySecretFault *slipway_barbican_fetch_certificate(void *state, const char *name, bool *found,
													   SlipwaySecretCertificate *certificate);
SlipwaySecretFault *slipway_barbican_put_certificate(void *state, const char *name, const SlipwaySecretCertificate *certificate);

#endif
