"""Spark on two cores, for tables of a few thousand rows."""

from __future__ import annotations

from perennial.lake.spark.session import Cluster

# Compiling each query takes longer than running it over so few rows.
SMALL = Cluster(
    master="local[2]",
    options={
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    },
)
