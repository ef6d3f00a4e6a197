#!/usr/bin/python3
"""A proxy in front of Keystone and Barbican that counts, and makes what goes wrong go wrong when it is to.

usage: faults.py FOLDER NAME=PORT...

Each NAME is a service; it listens on the port that FOLDER/NAME.port has, or on a new one that is written there.
FOLDER/log gets a line of JSON for each request when it ends. FOLDER/rules is a list of rules as JSON; who writes it
replaces the file. The first rule that fits a request counts, if any:

    service, method, path   the name, the method, a regular expression for path and query: without one, any
    after, times            not the first so many that fit; only so many
    do                      what happens:
      status                it answers with "status", "headers" and "body"
      delay                 it takes "seconds"
      hang                  it takes the request and never answers
      cut                   it closes the connection instead of an answer
      lost                  the same, but what was asked for is done
      short                 half of the answer, then it closes the connection
      die                   the proxy ends, so that nobody listens
      revoke                the token of the request is revoked first
      kill                  the process whose id is in FOLDER/victim is killed, "when" is before or after the request
"""
import http.client
import http.server
import json
import os
import re
import signal
import sys
import threading
import time

HOP_BY_HOP = {'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'server'}

folder = sys.argv[1]
services = dict(argument.split('=') for argument in sys.argv[2:])
lock = threading.Lock()
in_flight = 0
seen = {}
rules_stamp = None
rules = []


def read_rules():
    """The rules; a new file counts from zero."""
    global rules_stamp, rules
    try:
        status = os.stat(folder + '/rules')
    except FileNotFoundError:
        rules_stamp, rules = None, []
        return
    stamp = (status.st_ino, status.st_mtime_ns)
    if stamp != rules_stamp:
        with open(folder + '/rules', encoding='utf-8') as file:
            rules = json.load(file)
        rules_stamp = stamp
        seen.clear()


def find_rule(service, method, path):
    with lock:
        read_rules()
        for number, rule in enumerate(rules):
            if rule.get('service', service) != service or rule.get('method', method) != method:
                continue
            if not re.search(rule.get('path', ''), path):
                continue
            seen[number] = seen.get(number, 0) + 1
            count = seen[number] - rule.get('after', 0)
            if count > 0 and count <= rule.get('times', count):
                return rule
    return {}


def ask(port, method, path, body, headers):
    connection = http.client.HTTPConnection('127.0.0.1', int(port), timeout=120)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.getheaders(), content


def kill_victim():
    for _ in range(500):
        if os.path.exists(folder + '/victim'):
            break
        time.sleep(0.01)
    with open(folder + '/victim', encoding='ascii') as file:
        victim = int(file.read())
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *arguments):
        pass

    def note(self, began, count, status, rule):
        line = {'service': self.server.service, 'method': self.command, 'path': self.path, 'status': status,
                'began': began, 'seconds': time.time() - began, 'in_flight': count, 'agent': self.headers.get('User-Agent')}
        if rule:
            line['do'] = rule['do']
        with lock, open(folder + '/log', 'a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')

    def answer(self, status, headers, content, cut=False):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(content[:len(content) // 2] if cut else content)

    def pass_on(self, body):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        if body or self.command in ('POST', 'PUT'):
            headers['Content-Length'] = str(len(body))
        return ask(self.server.upstream, self.command, self.path, body, headers)

    def revoke(self):
        token = self.headers.get('X-Auth-Token')
        if token:
            ask(services['keystone'], 'DELETE', '/v3/auth/tokens', None, {'X-Auth-Token': token, 'X-Subject-Token': token})

    def obey(self, rule, body):
        """Returns the status that was answered with; 0 for none."""
        what = rule.get('do')
        if what == 'status':
            self.answer(rule['status'], rule.get('headers', {}).items(), rule.get('body', '').encode())
            return rule['status']
        if what in ('hang', 'cut'):
            self.close_connection = True
            if what == 'hang':
                self.connection.settimeout(120)
                try:
                    self.connection.recv(1)
                except OSError:
                    pass
            return 0
        if what == 'die':
            self.note(time.time(), 0, 0, rule)
            os._exit(0)
        if what == 'delay':
            time.sleep(rule['seconds'])
        if what == 'revoke':
            self.revoke()
        if what == 'kill' and rule.get('when') == 'before':
            kill_victim()
            self.close_connection = True
            return 0
        status, headers, content = self.pass_on(body)
        if what == 'lost':
            self.close_connection = True
            return 0
        if what == 'kill':
            kill_victim()
        self.answer(status, headers, content, what == 'short')
        self.close_connection = self.close_connection or what == 'short'
        return status

    def handle_any(self):
        global in_flight
        began = time.time()
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        rule = find_rule(self.server.service, self.command, self.path)
        with lock:
            in_flight += 1
            count = in_flight
        status = 0
        try:
            status = self.obey(rule, body)
        except OSError:
            self.close_connection = True
        finally:
            with lock:
                in_flight -= 1
            self.note(began, count, status, rule)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any


class Server(http.server.ThreadingHTTPServer):
    # it may be started again at once
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 50

    def handle_error(self, request, client_address):
        pass


def listen(service, upstream):
    path = folder + '/' + service + '.port'
    port = 0
    if os.path.exists(path):
        with open(path, encoding='ascii') as file:
            port = int(file.read())
    server = Server(('127.0.0.1', port), Handler)
    server.service, server.upstream = service, upstream
    with open(path + '.new', 'w', encoding='ascii') as file:
        file.write(str(server.server_address[1]))
    os.rename(path + '.new', path)
    return server


servers = [listen(*service) for service in services.items()]
with open(folder + '/ready', 'w', encoding='ascii'):
    pass
for one in servers[1:]:
    threading.Thread(target=one.serve_forever, daemon=True).start()
servers[0].serve_forever()
