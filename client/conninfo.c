/*
 * conninfo.c
 *	  Connection strings and URIs as text.
 *
 * libpq parses them too, but gives no positions, and stops at the first thing
 * it dislikes: an unknown parameter, which search_path is, or a malformed
 * string, whose password must not be shown either. So what is done here
 * follows libpq's grammar where the string is well-formed and hides too much
 * rather than too little where it is not.
 */
#include "conninfo.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define MASK "***"

/* name = value, as it stands in the text */
typedef struct Pair
{
	const char *start;			/* of the name */
	const char *end;			/* of the value, quotes included */
	const char *value;
	size_t		name_length;
} Pair;

typedef struct Piece
{
	const char *start;
	size_t		length;
} Piece;

typedef struct PieceList
{
	Piece		pieces[32];
	size_t		count;
} PieceList;

static const char *
skip_scheme(const char *text)
{
	static const char *const schemes[] = {"postgresql://", "postgres://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	return NULL;
}

bool
slipway_conninfo_is_uri(const char *text)
{
	return skip_scheme(text) != NULL;
}

bool
slipway_conninfo_is_string(const char *text)
{
	return slipway_conninfo_is_uri(text) || strchr(text, '=') != NULL;
}

static const char *
skip_blanks(const char *p)
{
	while (isspace((unsigned char) *p))
		p++;
	return p;
}

/* The next pair of a keyword string from p on; false at the end or an error. */
static bool
next_keyword(const char *p, Pair *pair)
{
	bool		quoted;

	p = skip_blanks(p);
	pair->start = p;
	while (*p != '\0' && *p != '=' && !isspace((unsigned char) *p))
		p++;
	pair->name_length = (size_t) (p - pair->start);
	p = skip_blanks(p);
	if (*p != '=')
		return false;
	p = skip_blanks(p + 1);
	pair->value = p;
	quoted = *p == '\'';
	if (quoted)
		p++;
	while (*p != '\0' && (quoted ? *p != '\'' : !isspace((unsigned char) *p)))
	{
		if (*p == '\\' && p[1] != '\0')
			p++;
		p++;
	}
	if (quoted && *p == '\'')
		p++;
	pair->end = p;
	return true;
}

/* The same for the query of a URI, from p, behind '?' or '&', on. */
static bool
next_parameter(const char *p, Pair *pair)
{
	size_t		length = strcspn(p, "&");
	const char *equals = memchr(p, '=', length);

	if (*p == '\0')
		return false;
	pair->start = p;
	pair->end = p + length;
	pair->name_length = equals != NULL ? (size_t) (equals - p) : length;
	pair->value = equals != NULL ? equals + 1 : pair->end;
	return true;
}

/* Start of the query behind '?', or NULL. */
static const char *
find_query(const char *authority)
{
	/* as libpq does: a '?' before the '@' of the credentials is part of them */
	const char *at = authority + strcspn(authority, "@/");
	const char *query = strchr(*at == '@' ? at + 1 : authority, '?');

	return query != NULL ? query + 1 : NULL;
}

bool
slipway_conninfo_has_query(const char *uri)
{
	const char *authority = skip_scheme(uri);

	return authority != NULL && find_query(authority) != NULL;
}

bool
slipway_conninfo_is_torn(const char *text)
{
	const char *authority = skip_scheme(text);
	const char *query;
	const char *rest;

	if (authority == NULL)
		return false;
	query = find_query(authority);
	rest = authority + strcspn(authority, "@/");
	if (*rest == '@')
		rest++;
	return memchr(rest, '@', query != NULL && query > rest ? (size_t) (query - rest) : strlen(rest)) != NULL;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, tolower((unsigned char) c)) : NULL;

	return found != NULL ? (int) (found - digits) : -1;
}

static char *
decode_percent(const char *text, size_t length)
{
	char	   *result = slipway_memory_new(length + 1);
	char	   *to = result;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '%' && i + 2 < length &&
			hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0)
		{
			*to++ = (char) (hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		}
		else
			*to++ = text[i];
	}
	return result;
}

static char *
decode_quotes(const char *text, size_t length)
{
	char	   *result = slipway_memory_new(length + 1);
	char	   *to = result;
	bool		quoted = length > 0 && text[0] == '\'';

	for (size_t i = quoted ? 1 : 0; i < length; i++)
	{
		if (text[i] == '\\' && i + 1 < length)
			*to++ = text[++i];
		else if (!(quoted && text[i] == '\''))
			*to++ = text[i];
	}
	return result;
}

static bool
is_named(const Pair *pair, bool uri, const char *name)
{
	char	   *given = uri ? decode_percent(pair->start, pair->name_length)
		: slipway_memory_copy_bytes(pair->start, pair->name_length);
	bool		result = strcmp(given, name) == 0;

	free(given);
	return result;
}

char *
slipway_conninfo_decode(bool uri, const char *start, size_t length)
{
	return uri ? decode_percent(start, length) : decode_quotes(start, length);
}

static char *
decode_value(const Pair *pair, bool uri)
{
	return slipway_conninfo_decode(uri, pair->value, (size_t) (pair->end - pair->value));
}

static const char *
skip_separator(const char *end)
{
	return *end == '&' ? end + 1 : end;
}

static void
split_query(SlipwayBuffer *rest, const char *text, const char *query, char **search_path)
{
	Pair		pair;
	char		separator = '?';

	slipway_buffer_add_bytes(rest, text, (size_t) (query - 1 - text));
	for (const char *p = query; next_parameter(p, &pair); p = skip_separator(pair.end))
	{
		if (is_named(&pair, true, "search_path"))
		{
			free(*search_path);
			*search_path = decode_value(&pair, true);
			continue;
		}
		slipway_buffer_add_char(rest, separator);
		slipway_buffer_add_bytes(rest, pair.start, (size_t) (pair.end - pair.start));
		separator = '&';
	}
}

static void
split_keywords(SlipwayBuffer *rest, const char *text, char **search_path)
{
	Pair		pair;
	const char *p = text;

	while (next_keyword(p, &pair))
	{
		if (is_named(&pair, false, "search_path"))
		{
			free(*search_path);
			*search_path = decode_value(&pair, false);
		}
		else
			slipway_buffer_add_bytes(rest, p, (size_t) (pair.end - p));
		p = pair.end;
	}
	slipway_buffer_add(rest, p);
}

char *
slipway_conninfo_split(const char *text, char **search_path)
{
	const char *authority = skip_scheme(text);
	const char *query = authority != NULL ? find_query(authority) : NULL;
	SlipwayBuffer rest = {.is_secret = true};

	*search_path = NULL;
	if (query != NULL)
		split_query(&rest, text, query, search_path);
	else if (authority == NULL)
		split_keywords(&rest, text, search_path);
	else
		slipway_buffer_add(&rest, text);
	return slipway_buffer_take(&rest);
}

static bool
is_secret(const Pair *pair, bool uri)
{
	/* the last three since libpq 18 */
	static const char *const names[] = {
		"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_named(pair, uri, names[i]))
			return true;
	return false;
}

/* Those of what stands behind the "://" of a URI, up to where it ends. */
static void
each_in_uri(const char *authority, const char *end, SlipwayConninfoPassword function, void *context)
{
	/* up to the last '@': a password may hold an unescaped one */
	const char *at = memrchr(authority, '@', (size_t) (end - authority));
	const char *p = authority + strcspn(authority, ":@");
	Pair		pair;

	if (at != NULL && p < at && *p == ':')
		function(context, p + 1, (size_t) (at - p - 1));
	p = strchr(at != NULL ? at : authority, '?');
	for (p = p != NULL ? p + 1 : ""; next_parameter(p, &pair); p = skip_separator(pair.end))
	{
		if (p >= end)
			break;
		if (is_secret(&pair, true))
			function(context, pair.value, (size_t) ((pair.end < end ? pair.end : end) - pair.value));
	}
}

/* Behind the "://" of a text that begins with any scheme, or NULL. */
static const char *
skip_any_scheme(const char *text)
{
	const char *p = skip_blanks(text);
	size_t		length = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._");

	return length > 0 && strncmp(p + length, "://", 3) == 0 ? p + length + 3 : NULL;
}

void
slipway_conninfo_each_password(const char *text, SlipwayConninfoPassword function, void *context)
{
	const char *authority = skip_any_scheme(text);
	const char *end = text + strlen(text);
	const char *p = text;
	Pair		pair;

	if (authority != NULL)
	{
		each_in_uri(authority, end, function, context);
		return;
	}
	for (; next_keyword(p, &pair); p = pair.end)
	{
		if (is_secret(&pair, false))
			function(context, pair.value, (size_t) (pair.end - pair.value));
		/* "url=postgres://..." is no string of libpq, but people write it */
		else if ((authority = strstr(pair.value, "://")) != NULL && authority < pair.end)
			each_in_uri(authority + 3, pair.end, function, context);
	}
	authority = strstr(p, "://");
	if (authority != NULL)
		each_in_uri(authority + 3, end, function, context);
}

static void
collect_piece(void *context, const char *start, size_t length)
{
	PieceList  *list = context;

	if (length > 0 && list->count < sizeof(list->pieces) / sizeof(list->pieces[0]))
		list->pieces[list->count++] = (Piece) {start, length};
}

char *
slipway_conninfo_scrub(const char *text)
{
	PieceList	list = {.count = 0};
	SlipwayBuffer result = {0};

	slipway_conninfo_each_password(text, collect_piece, &list);
	for (size_t i = 0; i < list.count; i++)
	{
		slipway_buffer_add_bytes(&result, text, (size_t) (list.pieces[i].start - text));
		slipway_buffer_add(&result, MASK);
		text = list.pieces[i].start + list.pieces[i].length;
	}
	slipway_buffer_add(&result, text);
	return slipway_buffer_take(&result);
}

char *
slipway_conninfo_hide(const char *message, const char *secret)
{
	SlipwayBuffer result = {0};
	const char *found;

	while (*secret != '\0' && (found = strstr(message, secret)) != NULL)
	{
		slipway_buffer_add_bytes(&result, message, (size_t) (found - message));
		slipway_buffer_add(&result, MASK);
		message = found + strlen(secret);
	}
	slipway_buffer_add(&result, message);
	return slipway_buffer_take(&result);
}

static bool
is_in_value(const Pair *pair, const char *at)
{
	return at >= pair->value && at < pair->end;
}

/* In the authority only what stands before its '@'. */
static SlipwayConninfoPlace
place_in_uri(const char *authority, const char *at)
{
	const char *end = authority + strcspn(authority, "@/?");
	Pair		pair;

	if (*end == '@' && at < end)
		return SLIPWAY_CONNINFO_PERCENT;
	for (const char *p = find_query(authority); p != NULL && next_parameter(p, &pair);
		 p = skip_separator(pair.end))
		if (is_in_value(&pair, at))
			return SLIPWAY_CONNINFO_PERCENT;
	return SLIPWAY_CONNINFO_AS_IS;
}

SlipwayConninfoPlace
slipway_conninfo_place(const char *text, size_t offset)
{
	const char *authority = skip_scheme(text);
	const char *at = text + offset;
	Pair		pair;

	if (authority != NULL)
		return place_in_uri(authority, at);
	for (const char *p = text; next_keyword(p, &pair); p = pair.end)
		if (is_in_value(&pair, at))
			return SLIPWAY_CONNINFO_BACKSLASH;
	return SLIPWAY_CONNINFO_AS_IS;
}

static void
add_percent(SlipwayBuffer *result, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";

	/* what RFC 3986 calls unreserved */
	if (isalnum(c) || strchr("-._~", c) != NULL)
	{
		slipway_buffer_add_char(result, (char) c);
		return;
	}
	slipway_buffer_add_char(result, '%');
	slipway_buffer_add_char(result, digits[c >> 4]);
	slipway_buffer_add_char(result, digits[c & 15]);
}

void
slipway_conninfo_add(SlipwayBuffer *result, SlipwayConninfoPlace place, const char *value)
{
	for (; *value != '\0'; value++)
	{
		if (place == SLIPWAY_CONNINFO_PERCENT)
		{
			add_percent(result, (unsigned char) *value);
			continue;
		}
		if (place == SLIPWAY_CONNINFO_BACKSLASH &&
			(isspace((unsigned char) *value) || *value == '\'' || *value == '\\'))
			slipway_buffer_add_char(result, '\\');
		slipway_buffer_add_char(result, *value);
	}
}

void
slipway_conninfo_free(PQconninfoOption *options)
{
	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		if (option->val != NULL)
			explicit_bzero(option->val, strlen(option->val));
	PQconninfoFree(options);
}
