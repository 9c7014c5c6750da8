import { isRecord } from "../dynamodb/attribute-value.ts";
import { unavailable } from "../dynamodb/errors.ts";
import { toClientError, UpstreamAwayError } from "../dynamodb/upstream.ts";
import { type Answer, ask, type Call, relay, type Services } from "./call.ts";

const CACHE_WAIT_MS = 5_000;

/**
 * A write whose items the accelerator can't name, such as a PartiQL statement, or a key that it doesn't understand. If it
 * succeeds, everything in the cache is void: other instances notice within a second.
 */
export async function passWrite(services: Services, call: Call): Promise<Answer> {
	const { link, metrics } = services;
	metrics.add("passed");
	if (!(await link.usableWithin(CACHE_WAIT_MS))) {
		throw unavailable(
			`The accelerator can't reach its cache (${link.lastError}), so it couldn't keep it in step with the table. The write wasn't carried out.`,
		);
	}
	const answer = await ask(services, call, null, { repeatable: false }).catch((error: unknown) => {
		if (!(error instanceof UpstreamAwayError)) throw error;
		if (error.sent) void link.startGeneration();
		throw toClientError(error, true);
	});
	if (answer.status === 200 || answer.status >= 500) await link.startGeneration();
	return relay(answer, "pass");
}

const READS = /^\s*(select|exists)\b/i;

/** Whether a call with PartiQL statements only reads. */
export function isReadingStatement({ input }: Call): boolean {
	const { Statement, Statements, TransactStatements } = input;
	const listed = [Statements, TransactStatements].flatMap((each) =>
		Array.isArray(each) ? each : [],
	);
	const statements = [
		...(Statement === undefined ? [] : [Statement]),
		...listed.map((each: unknown) => (isRecord(each) ? each.Statement : undefined)),
	];
	return statements.every((text) => typeof text === "string" && READS.test(text));
}
