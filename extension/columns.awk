# The columns of the tables in install/*.sql, as elements of an array in C: table, column, type, and whether it has
# to have a value. A type that is not known here becomes a name that no compiler knows.

BEGIN {
	oid["text"] = "TEXTOID"; oid["text[]"] = "TEXTARRAYOID"; oid["bytea"] = "BYTEAOID"
	oid["bigint"] = "INT8OID"; oid["bigint[]"] = "INT8ARRAYOID"; oid["integer"] = "INT4OID"
	oid["boolean"] = "BOOLOID"; oid["timestamptz"] = "TIMESTAMPTZOID"; oid["interval"] = "INTERVALOID"
	oid["jsonb"] = "JSONBOID"; oid["inet"] = "INETOID"; oid["oid"] = "OIDOID"
	print "#define SLIPWAY_COLUMNS \\"
}

/^CREATE TABLE slipway\./ {
	table = $3
	sub(/^slipway\./, "", table)
	next
}

/^\)/ { table = "" }

table != "" && /^    [a-z]/ {
	type = $2
	sub(/,$/, "", type)
	printf "    {\"%s\", \"%s\", %s, %s}, \\\n", table, $1, type in oid ? oid[type] : "unknown_type_of_" $1,
		/ NOT NULL| PRIMARY KEY/ ? "true" : "false"
}

END { print "" }
