import type { AlertInput, AlertMessage } from "../contract/host-alert.ts";
import type {
	Observation,
	ReportedObservation,
	ReportInput,
	ReportMessage,
} from "../contract/host-report.ts";

/**
 * Converts ages, as agents send them, to times by this control plane's clock. A host's own clock is used only
 * to show how far it is off. A message that traveled for a while makes things look younger by that time,
 * never older.
 */
export function timedReport(report: ReportMessage, arrivedAt: Date): ReportInput {
	const { clock, observations, events, metrics, usage, ...rest } = report;
	return {
		...rest,
		clockAheadMs: Date.parse(clock) - arrivedAt.getTime(),
		observations: observations?.map((seen) => timedObservation(seen, arrivedAt)) ?? null,
		events: events.map(({ ageMs, ...event }) => ({ ...event, at: before(arrivedAt, ageMs) })),
		metrics: metrics.map(({ ageMs, ...sample }) => ({ ...sample, at: before(arrivedAt, ageMs) })),
		usage: usage.map(({ ageMs, ...reading }) => ({ ...reading, at: before(arrivedAt, ageMs) })),
	};
}

export function timedAlert(alert: AlertMessage, arrivedAt: Date): AlertInput {
	return { ...alert, ended: alert.ended.map((seen) => timedObservation(seen, arrivedAt)) };
}

function timedObservation(seen: ReportedObservation, arrivedAt: Date): Observation {
	const { silentForMs, ...rest } = seen;
	return { ...rest, silentSince: silentForMs === null ? null : before(arrivedAt, silentForMs) };
}

function before(arrivedAt: Date, ageMs: number): string {
	return new Date(arrivedAt.getTime() - ageMs).toISOString();
}

/** Two reports of one silence differ by the time that each of them traveled. */
const SAME_SILENCE_MS = 1_000;

/**
 * When a process fell silent, according to all reports about this silence: the earliest is closest to the truth.
 */
export function silenceStart(
	known: Pick<Observation, "pid" | "silentSince"> | null,
	seen: Pick<Observation, "pid" | "silentSince">,
): string | null {
	const held = known?.pid === seen.pid ? (known.silentSince ?? null) : null;
	if (held === null || seen.silentSince === null) return seen.silentSince;
	const laterMs = Date.parse(seen.silentSince) - Date.parse(held);
	return laterMs >= 0 && laterMs < SAME_SILENCE_MS ? held : seen.silentSince;
}
