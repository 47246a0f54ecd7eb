"""Uses a PostgreSQL database as a person with psql does, until the server ends it: {"host", "port", "user", "password", "database"} as JSON on
standard input.

Prints the line "in" when it is in, and at the end {"experiments": how many it read, "refused": what writing came to, "cut": how it ended}.
"""

import json
import sys
import time

import psycopg2

DEADLINE = time.monotonic() + 60

wanted = json.load(sys.stdin)
try:
    connection = psycopg2.connect(**wanted, connect_timeout=10)
except psycopg2.OperationalError as error:
    print(json.dumps({"refused": str(error)}))
    raise SystemExit
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("SELECT count(*) FROM experiments")
result = {"experiments": cursor.fetchone()[0]}
try:
    cursor.execute("DELETE FROM experiments")
    result["refused"] = "nothing"
except psycopg2.Error as error:
    result["refused"] = type(error).__name__
print("in")
while time.monotonic() < DEADLINE:
    try:
        cursor.execute("SELECT 1")
    except psycopg2.Error as error:
        result["cut"] = type(error).__name__
        break
    time.sleep(0.2)
print(json.dumps(result))
