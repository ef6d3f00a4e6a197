/*
 * test_html.c
 *	  Pages: whatever a text holds, it stays a text.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "html.h"

static void
assert_text(const char *text, const char *expected)
{
	SlipwayBuffer page = {0};
	char	   *result;

	slipway_html_text(&page, text, strlen(text));
	result = slipway_buffer_take(&page);
	assert_string_equal(result, expected);
	free(result);
}

static void
test_markup(void **state)
{
	(void) state;
	assert_text("<script>alert('x' & \"y\")</script>",
				"&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;");
	assert_text("&lt;", "&amp;lt;");
	assert_text("", "");
}

static void
test_controls(void **state)
{
	(void) state;
	assert_text("a\tb\nc", "a\tb\nc");
	assert_text("\033[31m\r\177", "\xe2\x90\x9b[31m\xe2\x90\x8d\xe2\x90\xa1");
	/* right-to-left override, zero width space, byte order mark, line separator */
	assert_text("a\xe2\x80\xae" "b", "a[U+202E]b");
	assert_text("a\xe2\x80\x8b" "b", "a[U+200B]b");
	assert_text("\xef\xbb\xbf", "[U+FEFF]");
	assert_text("\xc2\x85", "[U+0085]");
	assert_text("\xf3\xa0\x80\x81", "[U+E0001]");
}

static void
test_utf8(void **state)
{
	(void) state;
	assert_text("\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80", "\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80");
	/* a lone byte, a cut sequence, an overlong one, a surrogate, beyond the last code point */
	assert_text("\xff" "a", "\xef\xbf\xbd" "a");
	assert_text("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_text("\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_text("\xe0\x80\xbc", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_text("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_text("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void
test_add(void **state)
{
	SlipwayBuffer page = {0};
	char	   *result;

	(void) state;
	slipway_html_add(&page, "<p title=\"%s\" style=\"left: %.2f%%\">%d %ld %zu</p>", "\"><b>", 12.5, -1,
					 2L, (size_t) 3);
	result = slipway_buffer_take(&page);
	assert_string_equal(result,
						"<p title=\"&quot;&gt;&lt;b&gt;\" style=\"left: 12.50%\">-1 2 3</p>");
	free(result);
}

static void
test_page(void **state)
{
	SlipwayBuffer page = {0};
	char	   *result;

	(void) state;
	slipway_html_begin(&page, "</title><script>");
	slipway_html_end(&page);
	result = slipway_buffer_take(&page);
	assert_non_null(strstr(result, "<title>&lt;/title&gt;&lt;script&gt;</title>"));
	assert_non_null(strstr(result, "default-src 'none'"));
	assert_null(strstr(result, "<script"));
	assert_null(strstr(result, "http:"));
	assert_null(strstr(result, "https:"));
	assert_null(strstr(result, "url("));
	free(result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_markup),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
