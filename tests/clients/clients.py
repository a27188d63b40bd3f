"""Clients as others use them: each command sends or reads something; the tests in
crates/trefoil/tests/end_to_end look at what has become of it.

    clients.py otlp-http http://127.0.0.1:4318/v1/logs SERVICE
    clients.py otlp-grpc http://127.0.0.1:4317 SERVICE
    clients.py json-gzip http://127.0.0.1:3100 APP
    clients.py snappy http://127.0.0.1:3100 APP
    clients.py tail ws://127.0.0.1:3100 QUERY COUNT
"""

import gzip
import json
import logging
import sys
import time

import requests
import snappy
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from websockets.sync.client import connect

TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C
SPAN_ID = 0xB7AD6B7169203331


def send_otlp(exporter, service):
    """A program that logs through Python's logging, inside a span."""
    resource = Resource({
        "service.name": service,
        "service.namespace": "shop",
        "deployment.environment.name": "test",
        "host.name": "machine-7",
        "process.pid": 4711,
    })
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = logging.getLogger(f"shop.{service}")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(LoggingHandler(level=logging.DEBUG, logger_provider=provider))
    context = trace.SpanContext(TRACE_ID, SPAN_ID, is_remote=False, trace_flags=trace.TraceFlags(1))
    with trace.use_span(trace.NonRecordingSpan(context)):
        logger.error("payment of order %d refused", 17, extra={"order.id": 17, "retry": False})
    logger.warning("stock is low: naïve 日本語")
    logger.info("paid")
    logger.debug("cache miss")
    assert provider.force_flush(20_000)
    provider.shutdown()


def lines_now(count):
    """Times of now, one nanosecond apart, with texts."""
    first = time.time_ns() - 1_000_000_000
    return [(first + n, f"line {n} level=warn ünï \U0001f980") for n in range(count)]


def post(url, body, headers):
    answer = requests.post(f"{url}/loki/api/v1/push", data=body, headers=headers, timeout=20)
    assert answer.status_code == 204, (answer.status_code, answer.text)


def push_json_gzip(url, app):
    values = [[str(ts), text, {"trace_id": f"t{n}"}] for n, (ts, text) in enumerate(lines_now(100))]
    body = json.dumps({"streams": [{"stream": {"app": app}, "values": values}]}).encode()
    post(url, gzip.compress(body), {"Content-Type": "application/json", "Content-Encoding": "gzip"})


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, content):
    """A field of a protobuf message: bytes and texts with their length, numbers as varints."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def push_snappy(url, app):
    """logproto.PushRequest by hand: streams(1) of labels(1) and entries(2) of timestamp(1), line(2), metadata(3)."""
    entries = b""
    for n, (ts, text) in enumerate(lines_now(100)):
        timestamp = field(1, ts // 1_000_000_000) + field(2, ts % 1_000_000_000)
        metadata = field(1, "trace_id") + field(2, f"t{n}")
        entries += field(2, field(1, timestamp) + field(2, text) + field(3, metadata))
    stream = field(1, f'{{app="{app}"}}') + entries
    post(url, snappy.compress(field(1, stream)), {"Content-Type": "application/x-protobuf"})


def tail(url, query, count):
    """Prints the first `count` lines of a tail, each as JSON; says when it listens."""
    with connect(f"{url}/loki/api/v1/tail?query={requests.utils.quote(query)}", open_timeout=20) as socket:
        print("listening", flush=True)
        seen = 0
        while seen < count:
            frame = json.loads(socket.recv(timeout=30))
            for stream in frame["streams"]:
                for ts, text in stream["values"]:
                    print(json.dumps({"labels": stream["stream"], "ts": ts, "line": text}), flush=True)
                    seen += 1


def main():
    command, address, name, *rest = sys.argv[1:]
    match command:
        case "otlp-http":
            send_otlp(HttpExporter(endpoint=address, compression=Compression.Gzip), name)
        case "otlp-grpc":
            send_otlp(GrpcExporter(endpoint=address, insecure=True), name)
        case "json-gzip":
            push_json_gzip(address, name)
        case "snappy":
            push_snappy(address, name)
        case "tail":
            tail(address, name, int(rest[0]))
        case _:
            sys.exit(__doc__)


main()
