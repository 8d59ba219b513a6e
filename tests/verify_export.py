"""Verifies an export of a company's ledger by docs/LEDGER.md: python3 verify_export.py FILE"""
import hashlib, json, sys, uuid

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P

def point(y, sign):  # RFC 8032 5.1.3
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - x2) % P == 0 and y < P, "not a point"
    return (x if x & 1 == sign else P - x, y)

def add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1] % P
    x, y = a[0] * b[1] + a[1] * b[0], a[1] * b[1] + a[0] * b[0]
    return (x * pow(1 + t, P - 2, P) % P, y * pow(1 - t, P - 2, P) % P)

def times(n, a):
    return (0, 1) if n == 0 else add(times(n >> 1, add(a, a)), a if n & 1 else (0, 1))

def signed(public, message, signature):
    def read(b): return point(int.from_bytes(b, "little") & (2**255 - 1), b[31] >> 7)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    return s < L and times(s, point(BASE_Y, 0)) == add(read(r), times(h, read(public)))

def num(n, size): return n.to_bytes(size, "big", signed=True)
def ident(text): return uuid.UUID(text).bytes
def text(t): return num(len(t.encode()), 4) + t.encode()
def maybe(value, form): return b"\0" if value is None else b"\1" + form(value)

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
first, events, last = lines[0], lines[1:-1], lines[-1]
assert first["format"] == "masteria-ledger-1", "another format"
head, seq = bytes(32), 0
for seq, e in enumerate(events, 1):
    head = hashlib.sha256(b"\1" + head + ident(first["company"]) + num(seq, 8) + text(e["stream_kind"]) + ident(e["stream"])
        + num(e["stream_seq"], 8) + ident(e["id"]) + text(e["type"]) + num(e["version"], 2) + num(e["recorded_at"], 8)
        + text(e["actor_kind"]) + maybe(e["actor_id"], ident) + maybe(e["acting_for"], ident) + maybe(e["origin"], text)
        + ident(e["command"]) + ident(e["correlation"]) + ident(e["causation"]) + ident(e["trace"]) + bytes([e["depth"]])
        + maybe(e["undoes"], ident) + maybe(e["policy"], lambda n: num(n, 2)) + text(e["payload"])).digest()
    assert e["company_seq"] == seq and e["hash"] == head.hex(), f"event {seq} is not what was written"
assert (last["events"], last["head"]) == (seq, head.hex()), "the end is missing"
message = f"masteria export 1\n{first['company']}\n{seq}\n{head.hex()}\n".encode()
assert signed(bytes.fromhex(last["public"]), message, bytes.fromhex(last["signature"])), "the signature is wrong"
print(f"{seq} events, head {head.hex()}, signed by {last['public']}")
