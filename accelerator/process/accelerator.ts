import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "../../platform/logger.ts";
import type {
	AcceleratorSettings,
	AcceleratorState,
} from "../../server/contract/accelerator-process.ts";
import { CacheLink } from "../cache/cache-link.ts";
import { ItemCache } from "../cache/item-cache.ts";
import { keyDigest } from "../cache/key-digest.ts";
import { QueryCache } from "../cache/query-cache.ts";
import { isRecord } from "../dynamodb/attribute-value.ts";
import { serializationError, unknownOperation } from "../dynamodb/errors.ts";
import { readClaim, SignatureCheck } from "../dynamodb/signature.ts";
import { Tables } from "../dynamodb/tables.ts";
import { operationOf, Upstream } from "../dynamodb/upstream.ts";
import type { Answer, Json, Services } from "../operations/call.ts";
import { dispatch } from "../operations/dispatch.ts";
import { Metrics } from "../operations/metrics.ts";
import { SingleFlight } from "../operations/single-flight.ts";

/** A request as it arrived. */
export interface RawCall {
	readonly headers: IncomingHttpHeaders;
	readonly path: string;
	readonly body: Buffer;
}

/** One instance of an accelerator: it answers DynamoDB's calls from a cache, and from the DynamoDB behind it. */
export class Accelerator {
	readonly #services: Services;
	readonly #check: SignatureCheck | null;
	readonly #processId = randomUUID();

	constructor(settings: AcceleratorSettings, logger: Logger, metrics = new Metrics()) {
		const { endpoint, region, credentials } = settings.upstream;
		const prefix = `larder:acc:${keyDigest([settings.acceleratorId]).slice(0, 8)}:`;
		const upstream = new Upstream(endpoint, region, credentials);
		const link = new CacheLink(settings.cache, prefix, logger);
		this.#check = credentials === null ? null : new SignatureCheck(credentials);
		this.#services = {
			...{ upstream, link, logger, metrics },
			items: new ItemCache(link, prefix, settings.itemTtlMs),
			queries: new QueryCache(link, prefix, settings.queryTtlMs),
			tables: new Tables({ upstream, link, prefix, logger }),
			flights: new SingleFlight(),
			projections: new Set(),
		};
	}

	/** Connects to the cache, and keeps trying. */
	start(): void {
		this.#services.link.start();
	}

	/** The cache's endpoint may be at other addresses now, and new entries may be kept for another time. */
	use({ cache, itemTtlMs, queryTtlMs }: AcceleratorSettings): void {
		const { link, items, queries } = this.#services;
		link.use(cache);
		items.ttlMs = itemTtlMs;
		queries.ttlMs = queryTtlMs;
	}

	/** Resolves once the cache is usable; false if it isn't within the time. */
	usableWithin(ms: number): Promise<boolean> {
		return this.#services.link.usableWithin(ms);
	}

	async stop(): Promise<void> {
		await this.#services.link.stop();
		this.#services.upstream.close();
	}

	get metrics(): Metrics {
		return this.#services.metrics;
	}

	get state(): AcceleratorState {
		const { link, metrics } = this.#services;
		const usable = link.isUsable;
		return {
			processId: this.#processId,
			cache: { usable, reason: usable ? null : link.lastError.slice(0, 500) },
			counters: metrics.counters,
		};
	}

	/** Throws DynamoError for what the client should hear. */
	async answer({ headers, path, body }: RawCall): Promise<Answer> {
		const target = headers["x-amz-target"];
		if (typeof target !== "string") throw unknownOperation();
		const claim = readClaim(headers);
		this.#check?.verify(claim, { headers, path, body, now: new Date() });
		// Another service's calls, such as those of streams, have no items.
		const operation = operationOf(target) ?? target;
		const { accessKeyId } = claim;
		return await dispatch(this.#services, {
			target,
			operation,
			body,
			accessKeyId,
			input: parse(body),
		});
	}
}

function parse(body: Buffer): Json {
	try {
		const input: unknown = JSON.parse(body.toString("utf8"));
		if (isRecord(input)) return input;
	} catch {
		// Said below.
	}
	throw serializationError("The request's body isn't a JSON object.");
}
