#!/usr/bin/python3
"""Runs one container of a Kubernetes manifest as a kubelet would have it run:
the command line and environment of the manifest, as its user, on a read-only
root, without capabilities, network or new privileges, as process 1. The engine
is bubblewrap, which needs no rights; the image is a folder.

usage: container.py MANIFEST KIND/NAME CONTAINER IMAGE SETTINGS [SOURCE:TARGET]...

SETTINGS is a JSON file: {"configMaps": {NAME: {KEY: VALUE}}, "secrets": ...,
"env": ...}, where "env" changes variables that the manifest has. Each SOURCE of the host is seen as TARGET, read-only. "list" as CONTAINER prints
the names of the containers in the order in which they run. "container.py check -"
says what restrictions the pods of standard input lack.
"""

import json
import os
import re
import sys

USER = 1000


class Refused(Exception):
    """A container that is not as restricted as the test supposes."""


def pod_of(document):
    """The pod that a Pod, Job or CronJob describes."""
    spec = document["spec"]
    if document["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    if document["kind"] != "Pod":
        spec = spec["template"]["spec"]
    return spec


def containers_of(pod):
    return pod.get("initContainers", []) + pod["containers"]


def value_of(source, lookup):
    for kind, reference in (("configMaps", "configMapKeyRef"), ("secrets", "secretKeyRef")):
        if reference in source:
            return lookup(kind, source[reference]["name"])[source[reference]["key"]]
    raise Refused(f"unknown source of a variable: {source}")


def expand(text, environment):
    """$(NAME) is a variable that is set, $$ a dollar sign."""

    def replace(match):
        if match[0] == "$$":
            return "$"
        return environment.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)", replace, text)


def environment_of(container, lookup):
    environment = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            environment.update(lookup("configMaps", source["configMapRef"]["name"]))
        if "secretRef" in source:
            environment.update(lookup("secrets", source["secretRef"]["name"]))
    for variable in container.get("env", []):
        if "valueFrom" in variable:
            value = value_of(variable["valueFrom"], lookup)
        else:
            value = expand(variable.get("value", ""), environment)
        environment[variable["name"]] = value
    return environment


def check_restrictions(pod, container):
    """What the sandbox does anyway must be what the manifest asks for."""
    outer = pod.get("securityContext", {})
    inner = container.get("securityContext", {})
    wanted = {
        "runAsUser": (outer.get("runAsUser"), USER),
        "runAsGroup": (outer.get("runAsGroup"), USER),
        "runAsNonRoot": (outer.get("runAsNonRoot"), True),
        "seccompProfile": (outer.get("seccompProfile"), {"type": "RuntimeDefault"}),
        "readOnlyRootFilesystem": (inner.get("readOnlyRootFilesystem"), True),
        "allowPrivilegeEscalation": (inner.get("allowPrivilegeEscalation"), False),
        "capabilities": (inner.get("capabilities"), {"drop": ["ALL"]}),
        "automountServiceAccountToken": (pod.get("automountServiceAccountToken"), False),
        "enableServiceLinks": (pod.get("enableServiceLinks"), False),
        "privileged": (inner.get("privileged", False), False),
        "host": (any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")), False),
    }
    for name, (found, expected) in wanted.items():
        if found != expected:
            raise Refused(f"{container['name']}: {name} is {found}, not {expected}")


def command_line(pod, container, image, lookup, binds):
    """The command of bubblewrap, and the environment inside as it was set."""
    check_restrictions(pod, container)
    environment = environment_of(container, lookup)
    words = [expand(word, environment) for word in container.get("command", []) + container.get("args", [])]
    environment.setdefault("PATH", "/usr/local/bin")
    command = [
        "bwrap", "--die-with-parent", "--as-pid-1", "--unshare-all", "--new-session", "--clearenv",
        "--uid", str(USER), "--gid", str(USER), "--cap-drop", "ALL",
        "--ro-bind", image, "/", "--proc", "/proc", "--dev", "/dev",
    ]  # fmt: skip
    for bind in binds:
        source, target = bind.split(":", 1)
        command += ["--ro-bind", source, target]
    # /dev and /proc are mounts of their own, and a folder below / would be made in the image
    command += ["--remount-ro", "/", "--chdir", "/"]
    # bubblewrap's own command line must not show them: they are read from a file
    settings = b"".join(
        b"--setenv\0" + name.encode() + b"\0" + value.encode() + b"\0" for name, value in environment.items())
    if len(settings) > 60000:
        raise Refused("the environment is larger than a pipe")
    read, write = os.pipe()
    os.set_inheritable(read, True)
    os.write(write, settings)
    os.close(write)
    return command + ["--args", str(read), "--"] + words


def load(path, wanted):
    import yaml

    kind, name = wanted.split("/")
    with open(path, encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            if document and document["kind"] == kind and document["metadata"]["name"] == name:
                return pod_of(document)
    raise SystemExit(f"{path} has no {wanted}")


def check():
    import yaml

    for document in yaml.safe_load_all(sys.stdin):
        if document and document["kind"] in ("Pod", "Job", "CronJob"):
            pod = pod_of(document)
            for container in containers_of(pod):
                check_restrictions(pod, container)


def main():
    if sys.argv[1:] == ["check", "-"]:
        try:
            check()
        except Refused as refused:
            raise SystemExit(f"{refused}") from None
        return
    path, wanted, name = sys.argv[1:4]
    pod = load(path, wanted)
    if name == "list":
        print("\n".join(container["name"] for container in containers_of(pod)))
        return
    image, settings_path = sys.argv[4:6]
    with open(settings_path, encoding="utf-8") as file:
        settings = json.load(file)
    container = next(one for one in containers_of(pod) if one["name"] == name)
    for variable in container.get("env", []):
        variable["value"] = settings.get("env", {}).get(variable["name"], variable.get("value"))
    command = command_line(
        pod, container, image, lambda kind, name: settings[kind][name], sys.argv[6:])
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
