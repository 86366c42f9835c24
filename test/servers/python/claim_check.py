"""Reads and emits large payloads as docs/claim-check.md describes: the master key is in CLAIM_MASTER_KEY, in base64.

claim_check.py resolve TENANT < PAYLOAD   prints the content
claim_check.py emit TENANT FOLDER < CONTENT   stores the content below FOLDER, and prints the id of its event
"""

import base64
import hashlib
import json
import os
import pathlib
import sys
import urllib.parse
import urllib.request
import uuid

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MASTER = AESGCM(base64.b64decode(os.environ["CLAIM_MASTER_KEY"]))


def unwrap(key_id, found):
    sealed = base64.b64decode(found["wrapped"])
    return AESGCM(MASTER.decrypt(sealed[:12], sealed[12:], key_id.encode()))


def resolve(cursor, tenant, payload):
    if "dataencryption" not in payload:
        return json.dumps(payload).encode()
    cursor.execute(
        "SELECT tenantry.open_claim(%s, %s, %s)", (tenant, payload["datasha256"], payload["datakey"])
    )
    found = cursor.fetchone()[0]
    sealed = urllib.request.urlopen(payload["dataref"]).read()
    if hashlib.sha256(sealed).hexdigest() != payload["datasha256"]:
        raise ValueError("somebody changed " + payload["dataref"])
    associated = f"{found['tenant']}/{payload['datakey']}".encode()
    return unwrap(payload["datakey"], found).decrypt(sealed[:12], sealed[12:], associated)


def emit(cursor, tenant, folder, content):
    key_id, key = str(uuid.uuid4()), AESGCM.generate_key(256)
    nonce = os.urandom(12)
    wrapped = base64.b64encode(nonce + MASTER.encrypt(nonce, key, key_id.encode())).decode()
    cursor.execute("SELECT tenantry.provide_tenant_key(%s, %s, %s, %s)", (tenant, key_id, wrapped, "first"))
    found = cursor.fetchone()[0]
    nonce = os.urandom(12)
    associated = f"{found['tenant']}/{found['key_id']}".encode()
    sealed = nonce + unwrap(found["key_id"], found).encrypt(nonce, content, associated)
    sha256 = hashlib.sha256(sealed).hexdigest()
    path = pathlib.Path(folder, "claims", "tenant_id=" + urllib.parse.quote(found["tenant"]), sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sealed)
    cursor.execute(
        "SELECT tenantry.emit_claim(%s, 'order', 'o-1', 'Invoiced', %s, %s, %s, %s, 'application/pdf')",
        (tenant, path.as_uri().replace("%3D", "="), sha256, len(content), found["key_id"]),
    )
    return str(cursor.fetchone()[0]).encode()


def main():
    action, tenant, *rest = sys.argv[1:]
    given = sys.stdin.buffer.read()
    with psycopg.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tenantry.set_tenant(%s)", (tenant,))
        if action == "resolve":
            result = resolve(cursor, tenant, json.loads(given))
        else:
            result = emit(cursor, tenant, rest[0], given)
    sys.stdout.buffer.write(result)


main()
