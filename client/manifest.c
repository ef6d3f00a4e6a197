/*
 * manifest.c
 *	  The ordered list of a folder's migrations.
 */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "die.h"
#include "memory.h"

/* So many small scripts are hashed between calls of the idle function. */
#define IDLE_EVERY 16

static const char *const order_names[] = {
	[SLIPWAY_ORDER_AUTO] = "auto",
	[SLIPWAY_ORDER_NAME] = "name",
	[SLIPWAY_ORDER_NUMBER] = "number",
};

SlipwayOrder
slipway_manifest_order(const char *name)
{
	if (name != NULL && strcmp(name, order_names[SLIPWAY_ORDER_NAME]) == 0)
		return SLIPWAY_ORDER_NAME;
	if (name != NULL && strcmp(name, order_names[SLIPWAY_ORDER_NUMBER]) == 0)
		return SLIPWAY_ORDER_NUMBER;
	return SLIPWAY_ORDER_AUTO;
}

/* Not isdigit(), whose answer for other bytes is the locale's. */
static size_t
count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* By leading number alone; both names begin with a digit. */
static int
compare_numbers(const char *a, const char *b)
{
	size_t		a_digits,
				b_digits;

	a += strspn(a, "0");
	b += strspn(b, "0");
	a_digits = count_digits(a);
	b_digits = count_digits(b);
	if (a_digits != b_digits)
		return a_digits < b_digits ? -1 : 1;
	return strncmp(a, b, a_digits);
}

int
slipway_manifest_compare(SlipwayOrder order, const char *a, const char *b)
{
	int			result = 0;

	if (order == SLIPWAY_ORDER_NUMBER)
	{
		if (count_digits(a) == 0 || count_digits(b) == 0)
			result = (count_digits(a) == 0) - (count_digits(b) == 0);
		else
			result = compare_numbers(a, b);
	}
	return result != 0 ? result : strcmp(a, b);
}

static const char *const kind_names[] = {
	[SLIPWAY_HOOK] = "hook",
	[SLIPWAY_REPEATABLE] = "repeatable",
	[SLIPWAY_VERSIONED] = "versioned",
};

/* Kinds are told apart first; only versioned migrations have numbers. */
static int
compare_migrations(SlipwayOrder order, const void *a, const void *b)
{
	const SlipwayMigration *left = *(const SlipwayMigration *const *) a;
	const SlipwayMigration *right = *(const SlipwayMigration *const *) b;

	if (left->kind != right->kind)
		return (int) left->kind - (int) right->kind;
	return slipway_manifest_compare(left->kind == SLIPWAY_VERSIONED ? order : SLIPWAY_ORDER_NAME,
									left->name, right->name);
}

static int
compare_by_name(const void *a, const void *b)
{
	return compare_migrations(SLIPWAY_ORDER_NAME, a, b);
}

static int
compare_by_number(const void *a, const void *b)
{
	return compare_migrations(SLIPWAY_ORDER_NUMBER, a, b);
}

/* In byte order numbers must not go down anywhere. */
static void
check_order(const SlipwayManifest *manifest)
{
	const char *last = NULL;

	for (size_t i = 0; i < manifest->folder->count; i++)
	{
		const char *name = manifest->ordered[i]->name;

		if (manifest->ordered[i]->kind != SLIPWAY_VERSIONED || count_digits(name) == 0)
			continue;
		if (last != NULL && compare_numbers(last, name) > 0)
			slipway_die(SLIPWAY_EXIT_INVALID,
						"Pass --order name or --order number, or pad the numbers with zeros.",
						"the order of migrations is ambiguous:"
						" \"%s\" comes before \"%s\" by name, after it by number", last, name);
		last = name;
	}
}

static void
add_member(SlipwayBuffer *text, const SlipwayMigration *migration)
{
	const SlipwayScriptFile *const files[] = {&migration->up, &migration->down, &migration->verify};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		slipway_buffer_add(text, files[i]->path != NULL ? files[i]->hash : "-");
		slipway_buffer_add_char(text, ' ');
	}
	slipway_buffer_add(text, kind_names[migration->kind]);
	slipway_buffer_add_char(text, ' ');
	slipway_buffer_add(text, migration->name);
}

/* Ends the text's last line, which is that number, and hashes it. */
static void
end_line(SlipwayManifest *manifest, size_t number, SlipwayBuffer *text)
{
	SlipwayManifestLine *line = &manifest->lines[number];
	size_t		start = number > 0 ? line[-1].end : 0;

	slipway_hash_begin();
	if (number > 0)
		slipway_hash_add(line[-1].hash, SLIPWAY_HASH_SIZE - 1);
	slipway_hash_add(text->data + start, text->length - start);
	slipway_hash_end(line->hash);
	slipway_buffer_add_char(text, '\n');
	line->end = text->length;
}

/* The folder's scripts have been hashed and ordered. */
static void
write_text(SlipwayManifest *manifest, SlipwayOrder order)
{
	size_t		count = manifest->folder->count;
	SlipwayBuffer text = {0};

	manifest->lines = slipway_memory_new((count + 1) * sizeof(SlipwayManifestLine));
	slipway_buffer_add(&text, "slipway-manifest 1 order=");
	slipway_buffer_add(&text, order_names[order]);
	end_line(manifest, 0, &text);
	for (size_t i = 0; i < count; i++)
	{
		add_member(&text, manifest->ordered[i]);
		end_line(manifest, i + 1, &text);
	}
	manifest->hash = manifest->lines[count].hash;
	manifest->text = slipway_buffer_take(&text);
}

static int
compare_hashes(const void *a, const void *b)
{
	const SlipwayScriptFile *const *left = a;
	const SlipwayScriptFile *const *right = b;

	return strcmp((*left)->hash, (*right)->hash);
}

static void
hash_scripts(SlipwayManifest *manifest, SlipwayFolder *folder, SlipwayScriptReaderIdle idle)
{
	SlipwayScriptReader reader = {.idle = idle};

	manifest->by_hash = slipway_memory_new(3 * folder->count * sizeof(SlipwayScriptFile *));
	for (size_t i = 0; i < folder->count; i++)
	{
		SlipwayMigration *migration = &folder->migrations[i];
		SlipwayScriptFile *const files[] = {&migration->up, &migration->down, &migration->verify};

		for (size_t j = 0; j < sizeof(files) / sizeof(files[0]); j++)
		{
			if (files[j]->path == NULL)
				continue;
			slipway_script_file_hash(files[j], &reader);
			manifest->by_hash[manifest->script_count++] = files[j];
			if (migration->up.repeatable && migration->kind == SLIPWAY_VERSIONED)
				migration->kind = SLIPWAY_REPEATABLE;
			if (idle != NULL && manifest->script_count % IDLE_EVERY == 0)
				idle();
		}
	}
	slipway_script_reader_release(&reader);
	if (manifest->script_count > 1)
		qsort(manifest->by_hash, manifest->script_count, sizeof(SlipwayScriptFile *),
			  compare_hashes);
}

/* They are in byte order, which is mostly the one that is wanted. */
static void
sort_migrations(SlipwayManifest *manifest, SlipwayOrder order)
{
	bool		others = false;

	for (size_t i = 0; i < manifest->folder->count; i++)
		others |= manifest->ordered[i]->kind != SLIPWAY_VERSIONED;
	if (manifest->folder->count > 1 && (others || order == SLIPWAY_ORDER_NUMBER))
		qsort(manifest->ordered, manifest->folder->count, sizeof(SlipwayMigration *),
			  order == SLIPWAY_ORDER_NUMBER ? compare_by_number : compare_by_name);
}

SlipwayManifest *
slipway_manifest_build(SlipwayFolder *folder, SlipwayOrder order, SlipwayScriptReaderIdle idle)
{
	SlipwayManifest *manifest = slipway_memory_new(sizeof(SlipwayManifest));

	manifest->folder = folder;
	manifest->ordered = slipway_memory_new(folder->count * sizeof(SlipwayMigration *));
	for (size_t i = 0; i < folder->count; i++)
		manifest->ordered[i] = &folder->migrations[i];
	hash_scripts(manifest, folder, idle);
	sort_migrations(manifest, order);
	if (order == SLIPWAY_ORDER_AUTO)
		check_order(manifest);
	write_text(manifest, order);
	return manifest;
}

void
slipway_manifest_free(SlipwayManifest *manifest)
{
	free(manifest->text);
	free(manifest->lines);
	free(manifest->ordered);
	free(manifest->by_hash);
	free(manifest);
}

const char *
slipway_manifest_rest(const SlipwayManifest *manifest, const char *hash, size_t count)
{
	if (count > manifest->folder->count || strcmp(manifest->lines[count].hash, hash) != 0)
		return NULL;
	return manifest->text + manifest->lines[count].end;
}

static int
compare_with_hash(const void *hash, const void *file)
{
	const SlipwayScriptFile *const *script = file;

	return strcmp(hash, (*script)->hash);
}

const SlipwayScriptFile *
slipway_manifest_find(const SlipwayManifest *manifest, const char *hash)
{
	const SlipwayScriptFile **found = NULL;

	if (manifest->script_count > 0)
		found = bsearch(hash, manifest->by_hash, manifest->script_count,
						sizeof(SlipwayScriptFile *), compare_with_hash);
	return found != NULL ? *found : NULL;
}
