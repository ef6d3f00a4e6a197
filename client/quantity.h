/*
 * quantity.h
 *	  Sizes and numbers for people.
 */
#ifndef SLIPWAY_QUANTITY_H
#define SLIPWAY_QUANTITY_H

/* "0 bytes", "8.0 kB", "1.2 GB", "640 MB". The caller frees it. */
char	   *slipway_quantity_size(double bytes);

/* "8,000,000". The caller frees it. */
char	   *slipway_quantity_number(long long number);

#endif
