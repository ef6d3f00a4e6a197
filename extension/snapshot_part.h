/*
 * snapshot_part.h
 *	  Parts of a snapshot that need no other; each adds the objects of its kinds.
 */
#ifndef SLIPWAY_SNAPSHOT_PART_H
#define SLIPWAY_SNAPSHOT_PART_H

#include "snapshot_reader.h"

extern void slipway_snapshot_schemas(SlipwayReader *reader);
extern void slipway_snapshot_routines(SlipwayReader *reader);
extern void slipway_snapshot_plain(SlipwayReader *reader);
extern void slipway_snapshot_types(SlipwayReader *reader);
extern void slipway_snapshot_publication_parts(SlipwayReader *reader);
extern void slipway_snapshot_default_privileges(SlipwayReader *reader);
extern void slipway_snapshot_system_privileges(SlipwayReader *reader);

#endif							/* SLIPWAY_SNAPSHOT_PART_H */
