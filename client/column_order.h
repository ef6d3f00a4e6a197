/*
 * column_order.h
 *	  The order of columns in the definition of a table.
 */
#ifndef SLIPWAY_COLUMN_ORDER_H
#define SLIPWAY_COLUMN_ORDER_H

/*
 * A copy of the definition before, with the names of columns that there are after,
 * unless those in both are in another order: what came and what went is told of the
 * columns themselves. The caller frees it.
 */
char	   *slipway_column_order_take_over(const char *before, const char *after);

#endif
