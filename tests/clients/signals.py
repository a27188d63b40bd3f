"""A program as others write it with the OpenTelemetry SDK: an order is taken, and traces, metrics and logs
tell of it, linked by the trace's id. The test in crates/trefoil/tests/end_to_end looks for all three.

    signals.py http http://127.0.0.1:4318 SERVICE
    signals.py grpc http://127.0.0.1:4317 SERVICE

Prints the trace's id in hexadecimal.
"""

import logging
import sys

from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def http_exporters(url):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return (
        OTLPSpanExporter(endpoint=f"{url}/v1/traces", compression=Compression.Gzip),
        OTLPMetricExporter(endpoint=f"{url}/v1/metrics", compression=Compression.Gzip),
        OTLPLogExporter(endpoint=f"{url}/v1/logs", compression=Compression.Gzip),
    )


def grpc_exporters(url):
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return (
        OTLPSpanExporter(endpoint=url, insecure=True),
        OTLPMetricExporter(endpoint=url, insecure=True),
        OTLPLogExporter(endpoint=url, insecure=True),
    )


def run(exporters, service):
    spans, metrics, logs = exporters
    resource = Resource({"service.name": service, "deployment.environment.name": "test"})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(spans))
    metering = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(metrics)])
    logging_provider = LoggerProvider(resource=resource)
    logging_provider.add_log_record_processor(BatchLogRecordProcessor(logs))

    tracer = tracing.get_tracer("shop", "1.2.3", attributes={"lib": "orders"})
    orders = metering.get_meter("shop").create_counter("orders", unit="1")
    logger = logging.getLogger(f"shop.{service}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(LoggingHandler(level=logging.INFO, logger_provider=logging_provider))

    with tracer.start_as_current_span("POST /order", kind=trace.SpanKind.SERVER) as root:
        root.set_attribute("http.request.method", "POST")
        with tracer.start_as_current_span("pay", kind=trace.SpanKind.CLIENT) as child:
            child.set_attribute("amount", 12.5)
            child.set_attribute("items", ["book", "pen"])
            child.set_attribute("retries", 2)
            try:
                raise ValueError("card refused")
            except ValueError as error:
                child.record_exception(error)
                child.set_status(trace.Status(trace.StatusCode.ERROR, "card refused"))
                logger.error("payment of order %d refused", 17)
        orders.add(3, {"outcome": "refused"})
        trace_id = trace.format_trace_id(root.get_span_context().trace_id)

    assert tracing.force_flush(20_000)
    assert metering.force_flush(20_000)
    assert logging_provider.force_flush(20_000)
    for provider in (tracing, metering, logging_provider):
        provider.shutdown()
    print(trace_id)


def main():
    protocol, url, service = sys.argv[1:]
    run({"http": http_exporters, "grpc": grpc_exporters}[protocol](url), service)


main()
