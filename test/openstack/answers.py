#!/usr/bin/python3
"""Does a web server on a port of 127.0.0.1 answer, whatever it says?

usage: answers.py PORT
"""
import http.client
import sys

try:
    connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=5)
    connection.request('GET', '/')
    sys.exit(0 if connection.getresponse().status < 500 else 1)
except OSError:
    sys.exit(1)
