import { type Command, Option } from "commander";
import { evictionPolicySchema } from "../../../server/contract/index.ts";
import { wholeNumber } from "../../option-values.ts";

export interface LimitOptions {
	storageMin?: number;
	storageMax?: number;
	ecpuMin?: number;
	ecpuMax?: number;
}

export interface ServerlessOptions extends LimitOptions {
	evictionPolicy?: string;
	scaleToZero?: number;
}

/** Of a serverless cache. */
export function limitOptions(command: Command): Command {
	return command
		.option("--storage-min <gb>", "of a serverless cache: memory that it always has", wholeNumber)
		.option("--storage-max <gb>", "of a serverless cache: the most that it may hold", wholeNumber)
		.option(
			"--ecpu-min <ecpus>",
			"of a serverless cache: ECPUs per second, always there",
			wholeNumber,
		)
		.option("--ecpu-max <ecpus>", "of a serverless cache: ECPUs per second, at most", wholeNumber);
}

export function serverlessOptions(command: Command): Command {
	return limitOptions(command)
		.addOption(
			new Option(
				"--eviction-policy <policy>",
				"of a serverless Valkey or Redis OSS cache: what happens when it is full (default: volatile-lru)",
			).choices(evictionPolicySchema.options),
		)
		.option(
			"--scale-to-zero <minutes>",
			"of a serverless Valkey or Redis OSS cache: it sleeps after so many minutes without clients, and the next connection wakes it; 0 for never (default: 0)",
			wholeNumber,
		);
}

/** The request's `scaleToZero`. */
export function scaleToZeroOf({ scaleToZero }: ServerlessOptions) {
	return scaleToZero === undefined ? undefined : { afterMinutes: scaleToZero };
}

/** The request's `limits`: undefined without any. */
export function limitsOf({ storageMin, storageMax, ecpuMin, ecpuMax }: LimitOptions) {
	const storage = present({ min: storageMin, max: storageMax });
	const ecpu = present({ min: ecpuMin, max: ecpuMax });
	return present({ dataStorageGb: storage, ecpuPerSecond: ecpu });
}

function present<T extends object>(fields: T): Partial<T> | undefined {
	const given = Object.entries(fields).filter(([, value]) => value !== undefined);
	return given.length === 0 ? undefined : (Object.fromEntries(given) as Partial<T>);
}
