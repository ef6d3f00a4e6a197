/*
 * line_diff.c
 *	  What differs between two texts, line by line.
 *
 * Lines become numbers, the same for the same line; then this is Myers' search for
 * the shortest way through the square of both texts, from both ends to the point where
 * they meet, which halves it (An O(ND) Difference Algorithm and Its Variations,
 * 1986). Memory grows with the number of lines, time with lines and differences.
 */
#include "line_diff.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* After so many differences the best that was found has to do: bodies that are all new. */
#define SEARCH_LIMIT 4000

/* The lines of one text. */
typedef struct Text
{
	const char **lines;
	size_t	   *lengths;
	int		   *numbers;		/* the same for the same line, in either text */
	bool	   *changed;		/* removed or added */
	int			count;
} Text;

/* Numbers of lines by their text, with open addressing. */
typedef struct Table
{
	const char **lines;
	size_t	   *lengths;
	int		   *numbers;
	size_t		size;			/* a power of two */
	int			next;
} Table;

/* How far the ways of so many steps have come, from the beginning and from the end. */
typedef struct Search
{
	Text	   *before;
	Text	   *after;
	int		   *forward;		/* by diagonal: line of before minus line of after */
	int		   *backward;
} Search;

/* A part of both texts: lines from x to xend (behind it), and from y to yend. */
typedef struct Box
{
	int			x;
	int			xend;
	int			y;
	int			yend;
} Box;

static void
split_lines(const char *text, Text *result)
{
	size_t		capacity = 0;

	*result = (Text) {0};
	while (text != NULL && *text != '\0' && result->count < INT_MAX / 4)
	{
		size_t		length = strcspn(text, "\n");
		size_t		n = (size_t) result->count;

		if (n == capacity)
		{
			capacity = capacity == 0 ? 16 : capacity * 2;
			result->lines = slipway_memory_resize(result->lines, capacity, sizeof(char *));
			result->lengths = slipway_memory_resize(result->lengths, capacity, sizeof(size_t));
		}
		result->lines[n] = text;
		result->lengths[n] = length;
		result->count++;
		text += length + (text[length] == '\n');
	}
	result->numbers = slipway_memory_new((size_t) result->count * sizeof(int));
	result->changed = slipway_memory_new((size_t) result->count * sizeof(bool));
}

static void
free_text(Text *text)
{
	free(text->lines);
	free(text->lengths);
	free(text->numbers);
	free(text->changed);
}

/* FNV-1a */
static uint64_t
hash_line(const char *line, size_t length)
{
	uint64_t	hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char) line[i]) * UINT64_C(1099511628211);
	return hash;
}

static int
number_line(Table *table, const char *line, size_t length)
{
	size_t		at = (size_t) hash_line(line, length) & (table->size - 1);

	while (table->lines[at] != NULL)
	{
		if (table->lengths[at] == length && memcmp(table->lines[at], line, length) == 0)
			return table->numbers[at];
		at = (at + 1) & (table->size - 1);
	}
	table->lines[at] = line;
	table->lengths[at] = length;
	table->numbers[at] = table->next;
	return table->next++;
}

static void
number_lines(Text *before, Text *after)
{
	Text	   *texts[] = {before, after};
	Table		table = {.size = 16};

	while (table.size < 2 * ((size_t) before->count + (size_t) after->count))
		table.size *= 2;
	table.lines = slipway_memory_new(table.size * sizeof(char *));
	table.lengths = slipway_memory_new(table.size * sizeof(size_t));
	table.numbers = slipway_memory_new(table.size * sizeof(int));
	for (int t = 0; t < 2; t++)
		for (int i = 0; i < texts[t]->count; i++)
			texts[t]->numbers[i] = number_line(&table, texts[t]->lines[i], texts[t]->lengths[i]);
	free(table.lines);
	free(table.lengths);
	free(table.numbers);
}

static bool
is_same(const Search *search, int x, int y)
{
	return search->before->numbers[x] == search->after->numbers[y];
}

/* The diagonals that a number of steps reaches. */
typedef struct Range
{
	int			least;
	int			greatest;
} Range;

/* One step more reaches one diagonal more at either side, up to the border of the box. */
static void
widen(Range *range, int *reached, int least, int greatest, int unreached)
{
	if (range->least > least)
		reached[--range->least - 1] = unreached;
	else
		range->least++;
	if (range->greatest < greatest)
		reached[++range->greatest + 1] = unreached;
	else
		range->greatest--;
}

/* One step more from the beginning; true if a way from the end was met at *x, *y. */
static bool
step_forward(const Search *search, const Box *box, const Range *forward, const Range *backward,
			 bool may_meet, int *x, int *y)
{
	int		   *reached = search->forward;

	for (int d = forward->greatest; d >= forward->least; d -= 2)
	{
		*x = reached[d - 1] < reached[d + 1] ? reached[d + 1] : reached[d - 1] + 1;
		*y = *x - d;
		while (*x < box->xend && *y < box->yend && is_same(search, *x, *y))
		{
			++*x;
			++*y;
		}
		reached[d] = *x;
		if (may_meet && backward->least <= d && d <= backward->greatest && search->backward[d] <= *x)
			return true;
	}
	return false;
}

/* The same from the end. */
static bool
step_backward(const Search *search, const Box *box, const Range *backward, const Range *forward,
			  bool may_meet, int *x, int *y)
{
	int		   *reached = search->backward;

	for (int d = backward->greatest; d >= backward->least; d -= 2)
	{
		*x = reached[d - 1] < reached[d + 1] ? reached[d - 1] : reached[d + 1] - 1;
		*y = *x - d;
		while (*x > box->x && *y > box->y && is_same(search, *x - 1, *y - 1))
		{
			--*x;
			--*y;
		}
		reached[d] = *x;
		if (may_meet && forward->least <= d && d <= forward->greatest && *x <= search->forward[d])
			return true;
	}
	return false;
}

/* Where the way from the beginning has come farthest. */
static void
find_farthest(const Search *search, const Box *box, const Range *forward, int *x, int *y)
{
	int			best = -1;

	for (int d = forward->greatest; d >= forward->least; d -= 2)
	{
		int			at_x = search->forward[d] < box->xend ? search->forward[d] : box->xend;
		int			at_y = at_x - d;

		if (at_y > box->yend)
		{
			at_x = box->yend + d;
			at_y = box->yend;
		}
		if (at_x + at_y > best)
		{
			best = at_x + at_y;
			*x = at_x;
			*y = at_y;
		}
	}
}

/* A point on a shortest way, inside the box: neither text of which is empty, nor begins or ends as the other. */
static void
find_middle(const Search *search, const Box *box, int *x, int *y)
{
	int			least = box->x - box->yend;
	int			greatest = box->xend - box->y;
	int			first = box->x - box->y;
	int			last = box->xend - box->yend;
	Range		forward = {first, first};
	Range		backward = {last, last};
	bool		odd = ((first - last) & 1) != 0;

	search->forward[first] = box->x;
	search->backward[last] = box->xend;
	for (int steps = 1;; steps++)
	{
		widen(&forward, search->forward, least, greatest, -1);
		if (step_forward(search, box, &forward, &backward, odd, x, y))
			return;
		widen(&backward, search->backward, least, greatest, INT_MAX);
		if (step_backward(search, box, &backward, &forward, !odd, x, y))
			return;
		if (steps >= SEARCH_LIMIT)
		{
			find_farthest(search, box, &forward, x, y);
			return;
		}
	}
}

static void
mark(const Search *search, Box box)
{
	while (box.x < box.xend || box.y < box.yend)
	{
		int			x = 0;
		int			y = 0;

		while (box.x < box.xend && box.y < box.yend && is_same(search, box.x, box.y))
		{
			box.x++;
			box.y++;
		}
		while (box.x < box.xend && box.y < box.yend && is_same(search, box.xend - 1, box.yend - 1))
		{
			box.xend--;
			box.yend--;
		}
		if (box.x == box.xend || box.y == box.yend)
			break;
		find_middle(search, &box, &x, &y);
		mark(search, (Box) {box.x, x, box.y, y});
		box.x = x;
		box.y = y;
	}
	for (; box.x < box.xend; box.x++)
		search->before->changed[box.x] = true;
	for (; box.y < box.yend; box.y++)
		search->after->changed[box.y] = true;
}

static void
find_changes(Text *before, Text *after)
{
	size_t		diagonals = (size_t) before->count + (size_t) after->count + 3;
	int		   *both = slipway_memory_new(2 * diagonals * sizeof(int));
	Search		search = {before, after, both + after->count + 1, both + diagonals + after->count + 1};

	mark(&search, (Box) {0, before->count, 0, after->count});
	free(both);
}

static void
add_line(SlipwayLineDiff *diff, SlipwayLineChange change, const Text *text, int line)
{
	diff->lines[diff->count++] = (SlipwayLine) {change, text->lines[line], text->lengths[line], 1};
}

/* All lines of both texts in their order; the room is there. */
static void
merge(SlipwayLineDiff *diff, const Text *before, const Text *after)
{
	int			x = 0;
	int			y = 0;

	while (x < before->count || y < after->count)
	{
		if (x < before->count && before->changed[x])
			add_line(diff, SLIPWAY_LINE_REMOVED, before, x++);
		else if (y < after->count && after->changed[y])
			add_line(diff, SLIPWAY_LINE_ADDED, after, y++);
		else
		{
			add_line(diff, SLIPWAY_LINE_SAME, after, y++);
			x++;
		}
	}
}

/* Is one of the lines so near at either side a change? */
static bool
is_near(const SlipwayLineDiff *diff, const size_t *distance, size_t line, size_t context)
{
	return diff->lines[line].change != SLIPWAY_LINE_SAME || distance[line] <= context;
}

/* Of each line: how far away the nearest change is. */
static size_t *
measure(const SlipwayLineDiff *diff)
{
	size_t	   *distance = slipway_memory_new(diff->count * sizeof(size_t));
	size_t		last = SIZE_MAX;

	for (size_t i = 0; i < diff->count; i++)
	{
		if (diff->lines[i].change != SLIPWAY_LINE_SAME)
			last = i;
		distance[i] = last == SIZE_MAX ? SIZE_MAX : i - last;
	}
	last = SIZE_MAX;
	for (size_t i = diff->count; i-- > 0;)
	{
		if (diff->lines[i].change != SLIPWAY_LINE_SAME)
			last = i;
		if (last != SIZE_MAX && last - i < distance[i])
			distance[i] = last - i;
	}
	return distance;
}

/* Puts a gap in the place of lines that are far from any change; a single one may as well stay. */
static void
leave_out(SlipwayLineDiff *diff, size_t context)
{
	size_t	   *distance = measure(diff);
	size_t		kept = 0;
	size_t		i = 0;

	while (i < diff->count)
	{
		size_t		end = i;

		while (end < diff->count && !is_near(diff, distance, end, context))
			end++;
		if (end - i > 1)
		{
			diff->lines[kept++] = (SlipwayLine) {SLIPWAY_LINE_GAP, NULL, 0, end - i};
			i = end;
		}
		else
			diff->lines[kept++] = diff->lines[i++];
	}
	diff->count = kept;
	free(distance);
}

static bool
has_change(const Text *text)
{
	for (int i = 0; i < text->count; i++)
		if (text->changed[i])
			return true;
	return false;
}

SlipwayLineDiff *
slipway_line_diff_make(const char *before, const char *after, size_t context)
{
	SlipwayLineDiff *diff = slipway_memory_new(sizeof(SlipwayLineDiff));
	Text		old;
	Text		new;

	split_lines(before, &old);
	split_lines(after, &new);
	number_lines(&old, &new);
	find_changes(&old, &new);
	if (has_change(&old) || has_change(&new))
	{
		diff->lines = slipway_memory_new(((size_t) old.count + (size_t) new.count) * sizeof(SlipwayLine));
		merge(diff, &old, &new);
		leave_out(diff, context);
	}
	free_text(&old);
	free_text(&new);
	return diff;
}

void
slipway_line_diff_free(SlipwayLineDiff *diff)
{
	free(diff->lines);
	free(diff);
}
