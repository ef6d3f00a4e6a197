/*
 * help.h
 *	  Help, made from the tables of commands and options. Fits 80 columns.
 */
#ifndef SLIPWAY_HELP_H
#define SLIPWAY_HELP_H

#include <stdio.h>

#include "command.h"

void		slipway_help_print(FILE *stream);
void		slipway_help_print_command(FILE *stream, const SlipwayCommand *command);

/* All of it as the reference part of doc/client.md. */
void		slipway_help_print_markdown(FILE *stream);

/* All of it as the man page, doc/slipway.1. */
void		slipway_help_print_man(FILE *stream);

#endif
