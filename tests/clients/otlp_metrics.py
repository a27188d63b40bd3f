"""A program whose OpenTelemetry SDK exports a metric of each kind, once:

    otlp_metrics.py http http://127.0.0.1:4318/v1/metrics SERVICE
    otlp_metrics.py grpc http://127.0.0.1:4317 SERVICE
"""

import sys

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource


def main():
    protocol, address, service = sys.argv[1:]
    if protocol == "http":
        exporter = HttpExporter(endpoint=address, compression=Compression.Gzip)
    else:
        exporter = GrpcExporter(endpoint=address, insecure=True)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    exponential = View(instrument_name="payload", aggregation=ExponentialBucketHistogramAggregation())
    resource = Resource({"service.name": service, "service.namespace": "shop", "host.name": "machine-7"})
    provider = MeterProvider(metric_readers=[reader], resource=resource, views=[exponential])
    meter = provider.get_meter("shop.meter", "1.2")
    meter.create_counter("orders.placed", "{order}").add(3, {"payment.kind": "card"})
    meter.create_up_down_counter("carts").add(-2)
    meter.create_gauge("cpu.utilization", "1").set(0.25)
    meter.create_histogram("request.duration", "ms").record(30)
    meter.create_histogram("payload", "By").record(300)
    assert provider.force_flush(20_000)
    provider.shutdown()


main()
