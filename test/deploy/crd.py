#!/usr/bin/python3
"""Checks the objects of standard input against the schemas of custom resource definitions.
Unknown members are errors; rules in CEL are not looked at.

usage: crd.py FILE
"""

import sys

import jsonschema
import yaml


def strict(schema):
    """The same schema, with members that it does not name forbidden."""
    if not isinstance(schema, dict):
        return schema
    result = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-") and key != "format"}
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("anyOf", None)
        result["type"] = ["integer", "string"]
    if "properties" in schema:
        result["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            result.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = strict(schema[key])
    return result


def main():
    schemas = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        for definition in yaml.safe_load_all(file):
            if definition and definition["kind"] == "CustomResourceDefinition":
                for version in definition["spec"]["versions"]:
                    key = (f"{definition['spec']['group']}/{version['name']}", definition["spec"]["names"]["kind"])
                    schema = strict(version["schema"]["openAPIV3Schema"])
                    schema["properties"]["metadata"] = {"type": "object"}
                    schemas[key] = schema
    count = errors = 0
    for document in yaml.safe_load_all(sys.stdin):
        count += 1
        for error in jsonschema.Draft7Validator(schemas[document["apiVersion"], document["kind"]]).iter_errors(document):
            errors += 1
            print(f"{document['kind']}: {'.'.join(map(str, error.path))}: {error.message}", file=sys.stderr)
    print(f"{count} objects")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
