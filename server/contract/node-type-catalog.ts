import { GIB } from "./limits.ts";

export interface NodeTypeSize {
	vcpus: number;
	memoryBytes: number;
	/** Processors that placement counts against a host, in thousandths. Burstable types count their baseline. */
	cpuMillis: number;
}

const SIZES: Readonly<Record<string, [vcpus: number, gib: number]>> = {
	large: [2, 6.38],
	xlarge: [4, 12.94],
	"2xlarge": [8, 26.05],
	"4xlarge": [16, 52.26],
	"8xlarge": [32, 103.68],
	"12xlarge": [48, 157.13],
	"16xlarge": [64, 209.55],
};
const MEMORY_OPTIMIZED: Readonly<Record<string, [vcpus: number, gib: number]>> = {
	large: [2, 13.07],
	xlarge: [4, 26.32],
	"2xlarge": [8, 52.82],
	"4xlarge": [16, 105.81],
	"8xlarge": [32, 209.55],
	"12xlarge": [48, 317.77],
	"16xlarge": [64, 419.1],
};
/** With the share of each vCPU that a burstable type may use continuously. */
const BURSTABLE: Readonly<Record<string, [vcpus: number, gib: number, baseline: number]>> = {
	micro: [2, 0.5, 0.1],
	small: [2, 1.37, 0.2],
	medium: [2, 3.09, 0.2],
};

function family(
	name: string,
	sizes: Readonly<Record<string, readonly number[]>>,
): [string, NodeTypeSize][] {
	return Object.entries(sizes).map(([size, [vcpus = 1, gib = 1, baseline = 1]]) => [
		`cache.${name}.${size}`,
		{
			vcpus,
			memoryBytes: Math.round(gib * GIB),
			cpuMillis: Math.round(vcpus * baseline * 1_000),
		},
	]);
}

/** ElastiCache's catalog, smallest first within a family. */
export const NODE_TYPES: ReadonlyMap<string, NodeTypeSize> = new Map([
	...family("t4g", BURSTABLE),
	...family("t3", BURSTABLE),
	...family("m7g", SIZES),
	...family("m6g", SIZES),
	...family("r7g", MEMORY_OPTIMIZED),
	...family("r6g", MEMORY_OPTIMIZED),
]);
