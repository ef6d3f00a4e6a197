#!/usr/bin/python3
"""A stand-in for the kubelet: one node that runs the pods of an API server with
container.py, writes their status, stops and deletes them as asked, and serves
their logs. What a test needs of it, and no more: no volumes but ConfigMaps, no
probes, no restarts (restartPolicy has to be Never), every image is the one folder.

usage: kubelet.py KUBECONFIG IMAGE FOLDER [SOURCE:TARGET]...

KUBECONFIG is JSON. FOLDER gets the logs and, before the start, holds the server's
certificate as kubelet.pem. Binds as in container.py.
"""

import collections
import http.server
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import container

NODE = "stand-in"
ENDED = ("Succeeded", "Failed")


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Api:
    """What is asked of the API server, as JSON."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        self.server = config["clusters"][0]["cluster"]["server"]
        self.token = config["users"][0]["user"]["token"]
        self.tls = ssl._create_unverified_context()

    def call(self, method, path, body=None, content_type="application/json"):
        request = urllib.request.Request(
            self.server + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in (404, 409):
                return None
            raise


class Pod(threading.Thread):
    """One pod, from its start to its end."""

    def __init__(self, kubelet, document):
        super().__init__(daemon=True)
        self.kubelet = kubelet
        self.name = document["metadata"]["name"]
        self.namespace = document["metadata"]["namespace"]
        self.path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        self.spec = document["spec"]
        self.process = None
        self.stopped = False
        self.states = {one["name"]: {"waiting": {"reason": "PodInitializing"}} for one in container.containers_of(self.spec)}

    def lookup(self, kind, name):
        path = {"configMaps": "configmaps", "secrets": "secrets"}[kind]
        found = self.kubelet.api.call("GET", f"/api/v1/namespaces/{self.namespace}/{path}/{name}")
        if found is None:
            raise container.Refused(f"no {kind} {name}")
        data = found.get("data", {})
        if kind == "secrets":
            import base64

            data = {key: base64.b64decode(value).decode() for key, value in data.items()}
        return data

    def volumes(self, one):
        """The ConfigMaps that a container mounts, as binds."""
        binds = []
        maps = {volume["name"]: volume["configMap"]["name"] for volume in self.spec.get("volumes", []) if "configMap" in volume}
        for mount in one.get("volumeMounts", []):
            folder = os.path.join(self.kubelet.folder, f"{self.name}.{mount['name']}")
            os.makedirs(folder, exist_ok=True)
            for key, value in self.lookup("configMaps", maps[mount["name"]]).items():
                with open(os.path.join(folder, key), "w", encoding="utf-8") as file:
                    file.write(value)
            binds.append(f"{folder}:{mount['mountPath']}")
        return binds

    def status(self, phase):
        def of(containers):
            return [
                {"name": one["name"], "image": one["image"], "imageID": "", "ready": False, "restartCount": 0,
                 "state": self.states[one["name"]]} for one in containers]  # fmt: skip

        self.kubelet.api.call(
            "PATCH", self.path + "/status",
            {"status": {"phase": phase, "startTime": now(), "initContainerStatuses": of(self.spec.get("initContainers", [])),
                        "containerStatuses": of(self.spec["containers"])}}, "application/merge-patch+json")

    def run_one(self, one):
        log = self.kubelet.log_path(self.namespace, self.name, one["name"])
        with open(log, "wb") as file:
            command = container.command_line(
                self.spec, one, self.kubelet.image, self.lookup, self.kubelet.binds + self.volumes(one))
            # what passes the environment is a pipe that bubblewrap reads
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, close_fds=False, start_new_session=True)
            os.close(int(command[command.index("--args") + 1]))
        started = now()
        self.states[one["name"]] = {"running": {"startedAt": started}}
        self.status("Running")
        code = self.process.wait()
        code = code if code >= 0 else 128 - code
        self.states[one["name"]] = {"terminated": {
            "exitCode": code, "reason": "Completed" if code == 0 else "Error", "startedAt": started, "finishedAt": now()}}
        return code

    def run(self):
        code = 0
        try:
            for one in container.containers_of(self.spec):
                code = 1 if self.stopped else self.run_one(one)
                if code != 0:
                    break
        except container.Refused as refused:
            print(f"{self.name}: {refused}", file=sys.stderr, flush=True)
            code = 1
        self.process = None
        self.status("Succeeded" if code == 0 else "Failed")

    def inner(self):
        """The process in the container: the child of bubblewrap."""
        process = self.process
        if process is None:
            return None
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                        if int(file.read().rsplit(")", 1)[1].split()[1]) == process.pid:
                            return int(name)
                except OSError:
                    pass
        return None

    def stop(self, grace):
        """TERM, KILL after the grace period, and the pod is gone."""
        self.stopped = True
        for number in ([signal.SIGTERM] if grace > 0 else []) + [signal.SIGKILL]:
            pid = self.inner()
            if pid is not None:
                os.kill(pid, number)
            self.join(grace if number == signal.SIGTERM else 20)
        self.kubelet.api.call("DELETE", self.path, {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})


class Kubelet:
    def __init__(self, config, image, folder, binds):
        self.api = Api(config)
        self.image = image
        self.folder = folder
        self.binds = binds
        self.pods = {}
        self.server = self.serve_logs()

    def log_path(self, namespace, pod, name):
        return os.path.join(self.folder, f"{namespace}.{pod}.{name}.log")

    def serve_logs(self):
        kubelet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                match = re.match(r"/containerLogs/([^/?]+)/([^/?]+)/([^/?]+)(?:\?(.*))?$", self.path)
                path = kubelet.log_path(*match.groups()[:3]) if match else ""
                if not os.path.exists(path):
                    self.send_error(404)
                    return
                self.send_response(200)
                self.end_headers()
                follow = "follow=true" in (match[4] or "")
                with open(path, "rb") as file:
                    while True:
                        # first: whatever it had written by its end is read after that
                        over = not kubelet.is_running(match[1], match[2], match[3])
                        text = file.read()
                        self.wfile.write(text)
                        self.wfile.flush()
                        if over or not follow or (text and kubelet.is_to_cut(match[3])):
                            return
                        time.sleep(0.05)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, "kubelet.pem"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def is_to_cut(self, name):
        """Once, if a test has made this file: as a load balancer cuts a connection that is silent."""
        try:
            os.remove(os.path.join(self.folder, f"cut.{name}"))
        except FileNotFoundError:
            return False
        return True

    def is_running(self, namespace, pod, name):
        found = self.pods.get((namespace, pod))
        return found is not None and "running" in found.states.get(name, {})

    def register(self):
        self.api.call("POST", "/api/v1/nodes", {"kind": "Node", "apiVersion": "v1", "metadata": {"name": NODE}})
        self.api.call(
            "PATCH", f"/api/v1/nodes/{NODE}/status",
            {"status": {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                        "daemonEndpoints": {"kubeletEndpoint": {"Port": self.server.server_port}}}},
            "application/merge-patch+json")  # fmt: skip

    def look(self):
        """Schedules and starts what is new, stops what is to be deleted."""
        for document in self.api.call("GET", "/api/v1/pods")["items"]:
            meta = document["metadata"]
            key = (meta["namespace"], meta["name"])
            if "nodeName" not in document["spec"]:
                self.api.call(
                    "POST", f"/api/v1/namespaces/{key[0]}/pods/{key[1]}/binding",
                    {"kind": "Binding", "apiVersion": "v1", "metadata": {"name": key[1]}, "target": {"kind": "Node", "name": NODE}})
            elif key not in self.pods and document["status"].get("phase") not in ENDED:
                self.pods[key] = Pod(self, document)
                self.pods[key].start()
            if "deletionTimestamp" in meta and key in self.pods and not self.pods[key].stopped:
                self.pods[key].stopped = True
                threading.Thread(target=self.pods[key].stop, args=(meta.get("deletionGracePeriodSeconds", 0),), daemon=True).start()


def main():
    kubelet = Kubelet(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
    kubelet.register()
    print("ready", flush=True)
    failures = collections.deque(maxlen=50)
    while len(failures) < 50:
        try:
            kubelet.look()
            failures.clear()
        except OSError as error:
            failures.append(error)
        time.sleep(0.2)
    sys.exit(f"the API server is gone: {failures[-1]}")


if __name__ == "__main__":
    main()
