/*
 * row_writer.h
 *	  Writes rows into a tracking table without a query.
 *
 * The owner of the table may have put its columns into another order, and added some, indexes and constraints: all of these are kept.
 * Its triggers do not fire. What such indexes and constraints call runs as the current user.
 */
#ifndef SLIPWAY_ROW_WRITER_H
#define SLIPWAY_ROW_WRITER_H

typedef struct SlipwayRowWriter SlipwayRowWriter;

/* Raises 42703 if the table has lost one of these columns, 55000 if one is not what it was made as. There must be an active snapshot. */
extern SlipwayRowWriter *slipway_row_writer_open(const char *table, const char *const *columns, int n);
extern void slipway_row_writer_close(SlipwayRowWriter *writer);

/*
 * A row: values of columns, by their number; others are NULL. Between begin and end the current memory context is one that lasts as
 * long as the row.
 */
extern void slipway_row_writer_begin(SlipwayRowWriter *writer);
extern void slipway_row_writer_set(SlipwayRowWriter *writer, int column, Datum value);
extern void slipway_row_writer_set_text(SlipwayRowWriter *writer, int column, const char *text);
extern void slipway_row_writer_end(SlipwayRowWriter *writer);

#endif							/* SLIPWAY_ROW_WRITER_H */
