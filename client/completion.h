/*
 * completion.h
 *	  Completion scripts for shells, made from the tables of commands and
 *	  options.
 */
#ifndef SLIPWAY_COMPLETION_H
#define SLIPWAY_COMPLETION_H

#include <stdio.h>

/* Print the script of a shell, to be sourced by it. */
void		slipway_completion_print_bash(FILE *stream);
void		slipway_completion_print_zsh(FILE *stream);
void		slipway_completion_print_fish(FILE *stream);

#endif
