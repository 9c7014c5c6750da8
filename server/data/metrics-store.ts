import { METRIC_NAMES, type NodeMetrics } from "../contract/metrics.ts";
import { RESOLUTIONS, ROLLUP_SECONDS } from "../domain/metrics/resolutions.ts";
import { BatchWriter } from "../platform/batch-writer.ts";
import { oncePer } from "../platform/once-per.ts";
import { type Database, Prisma } from "./database.ts";

export interface StoredSample extends NodeMetrics {
	nodeId: string;
	at: Date;
}

const metricColumns = METRIC_NAMES.map((name) => Prisma.sql`${Prisma.raw(`"${name}"`)}`);
const columnList = Prisma.join(metricColumns);
const averages = Prisma.join(METRIC_NAMES.map((name) => Prisma.raw(`avg("${name}")`)));
/**
 * The mean over all samples of a bucket, old and new; for a metric that can be null, over those that have a
 * value.
 */
const mergedMeans = Prisma.join(
	METRIC_NAMES.map((name) =>
		Prisma.raw(
			`"${name}" = coalesce((old."${name}" * old."samples" + excluded."${name}" * excluded."samples") / (old."samples" + excluded."samples"), excluded."${name}", old."${name}")`,
		),
	),
);

/** A fleet's reports come at any moment, each with a few samples, and a statement costs far more than a row. */
const STATEMENT_INTERVAL_MS = 50;
const SAMPLES_PER_STATEMENT = 2_000;
/** What PostgreSQL stores in some three seconds: agents that wait much longer give up. */
const SAMPLES_WAITING_MAX = 10_000;

const writerOf = oncePer(
	(db: Database) =>
		new BatchWriter<StoredSample>((samples) => insertSamples(db, samples), {
			...{ batch: SAMPLES_PER_STATEMENT, waitingMax: SAMPLES_WAITING_MAX },
			intervalMs: STATEMENT_INTERVAL_MS,
		}),
);

/**
 * Stores samples of 5 s and adds them to the coarser resolutions. An existing sample (from a report that was
 * resent) changes nothing. Samples of removed nodes are left out. Throws BusyWriterError if too many wait already.
 */
export async function storeSamples(db: Database, samples: readonly StoredSample[]): Promise<void> {
	if (samples.length === 0) return;
	await writerOf(db).write(samples);
}

async function insertSamples(db: Database, samples: readonly StoredSample[]): Promise<void> {
	const column = (name: keyof StoredSample) => samples.map((sample) => sample[name]);
	const metricArrays = Prisma.join(
		METRIC_NAMES.map((name) => Prisma.sql`${column(name)}::float8[]`),
	);
	await db.$executeRaw`
		WITH incoming AS (
			SELECT * FROM unnest(${column("nodeId")}::text[], ${column("at")}::timestamp[], ${metricArrays})
				AS t("nodeId", "at", ${columnList})
		), fresh AS (
			INSERT INTO "MetricSample" AS old ("nodeId", "resolutionSeconds", "at", ${columnList})
			SELECT "nodeId", ${RESOLUTIONS[0].seconds}::int, "at", ${columnList} FROM incoming
			WHERE "nodeId" IN (SELECT "id" FROM "Node")
			ON CONFLICT DO NOTHING
			RETURNING *
		)
		INSERT INTO "MetricSample" AS old ("nodeId", "resolutionSeconds", "at", "samples", ${columnList})
		SELECT "nodeId", span, to_timestamp(floor(extract(epoch FROM "at") / span) * span) AT TIME ZONE 'UTC',
			count(*), ${averages}
		FROM fresh CROSS JOIN unnest(${ROLLUP_SECONDS}::int[]) AS span
		GROUP BY 1, 2, 3
		ON CONFLICT ("nodeId", "resolutionSeconds", "at") DO UPDATE SET
			"samples" = old."samples" + excluded."samples", ${mergedMeans}`;
}

/** Samples, oldest first. */
export async function readSeries(
	db: Database,
	query: { nodeIds: string[]; resolutionSeconds: number; from: Date },
): Promise<(StoredSample & { samples: number })[]> {
	return db.metricSample.findMany({
		where: {
			nodeId: { in: query.nodeIds },
			resolutionSeconds: query.resolutionSeconds,
			at: { gte: query.from },
		},
		orderBy: { at: "asc" },
	});
}

/** Deletes samples that are older than their resolution is kept for. */
export async function expireSamples(db: Database, now: Date): Promise<void> {
	for (const { seconds, keepSeconds } of RESOLUTIONS) {
		await db.metricSample.deleteMany({
			where: {
				resolutionSeconds: seconds,
				at: { lt: new Date(now.getTime() - keepSeconds * 1000) },
			},
		});
	}
}
