import {
	accessSync,
	constants,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmdirSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Logger } from "../../platform/logger.ts";
import type { HostFacts } from "../../server/contract/agent.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { RESERVED_MEMORY_SHARE } from "../../server/contract/limits.ts";

export const CGROUP_ROOT = "/sys/fs/cgroup";
const CONTROLLERS = ["memory", "cpu"] as const;
const CPU_PERIOD_US = 100_000;
/** How much of a lower limit may be in use when it is set. */
const ROOM_BELOW_LIMIT = 0.95;

export interface NodeLimits {
	readonly memoryBytes: number;
	readonly vcpus: number;
}

/**
 * What the kernel lets a node use. An engine that sends its data to a replica forks, and while clients write,
 * the kernel copies each page that changes: in the worst case the whole data set. Without room for that, a
 * full node would reach its limit in the middle of a sync. Placement doesn't count this room: it comes from
 * the part of the machine's memory that the host doesn't offer to nodes.
 */
export function limitsOf(
	assignment: Pick<Assignment, "engine" | "memoryBytes" | "maxmemoryBytes" | "vcpus" | "proxy">,
): NodeLimits {
	const { engine, memoryBytes, maxmemoryBytes, vcpus, proxy } = assignment;
	if (proxy !== undefined) {
		// An idle one may use more than is reserved for it.
		const wholeBytes = Math.ceil(maxmemoryBytes / (1 - RESERVED_MEMORY_SHARE));
		return { memoryBytes: Math.max(memoryBytes, wholeBytes), vcpus };
	}
	const forkBytes = engine === "memcached" ? 0 : maxmemoryBytes;
	return { memoryBytes: memoryBytes + forkBytes, vcpus };
}

/** Version 2 limits memory and processors, version 1 memory alone. */
export type LimitsKind = HostFacts["limits"];
type GroupsKind = Exclude<LimitsKind, "none">;

interface Groups {
	readonly parent: readonly string[];
	/** Names and contents of the files that set the limits. */
	files(limits: NodeLimits): [name: string, value: string][];
	/** The file that says how much of a limit is in use. */
	usage: Readonly<Record<string, string>>;
}

const GROUPS: Readonly<Record<GroupsKind, Groups>> = {
	"cgroup-v2": {
		parent: ["larder"],
		usage: { "memory.max": "memory.current" },
		files: ({ memoryBytes, vcpus }: NodeLimits) => [
			["memory.max", String(memoryBytes)],
			["cpu.max", `${vcpus * CPU_PERIOD_US} ${CPU_PERIOD_US}`],
		],
	},
	"cgroup-v1": {
		parent: ["memory", "larder"],
		usage: { "memory.limit_in_bytes": "memory.usage_in_bytes" },
		files: ({ memoryBytes }: NodeLimits) => [["memory.limit_in_bytes", String(memoryBytes)]],
	},
};

/**
 * Limits engines to the size of their node type, with a control group for each:
 *
 *   version 2   <root>/larder/<assignment id>/          memory.max, cpu.max, and the process in cgroup.procs
 *   version 1   <root>/memory/larder/<assignment id>/   memory.limit_in_bytes, and the process in cgroup.procs
 *
 * A cache without a limit is better than no cache, so a failure causes one warning.
 */
export class ProcessLimits {
	private readonly root: string;
	private readonly kind: GroupsKind;
	private readonly logger: Logger;
	private warned = false;

	constructor(root: string, kind: GroupsKind, logger: Logger) {
		this.root = root;
		this.kind = kind;
		this.logger = logger;
	}

	/** Puts a process into its group with these limits. Safe to repeat, also with other limits. */
	apply(assignmentId: string, pid: number, limits: NodeLimits): void {
		this.attempt(() => {
			try {
				this.set(assignmentId, pid, limits);
			} catch (error) {
				if (!isMissing(error)) throw error;
				// Another agent of this machine has swept the empty group away.
				this.set(assignmentId, pid, limits);
			}
		});
	}

	/** Removes groups whose processes are gone. The kernel may hold on to one for a moment: a later call removes it. */
	removeEmpty(): void {
		this.attempt(() => sweepEmpty(parentOf(this.root, this.kind)));
	}

	private set(assignmentId: string, pid: number, limits: NodeLimits): void {
		const group = this.groupOf(assignmentId);
		mkdirSync(group, { recursive: true });
		for (const [name, value] of GROUPS[this.kind].files(limits)) {
			if (!this.mayLower(group, name, value)) continue;
			writeFileSync(join(group, name), value);
		}
		writeFileSync(join(group, "cgroup.procs"), String(pid));
	}

	/**
	 * The kernel ends a process that has more than a new limit: a node that still has more keeps the former limit
	 * until its next change.
	 */
	private mayLower(group: string, name: string, value: string): boolean {
		const usage = GROUPS[this.kind].usage[name];
		if (usage === undefined) return true;
		try {
			return Number(readFileSync(join(group, usage), "utf8")) < Number(value) * ROOM_BELOW_LIMIT;
		} catch (error) {
			if (isMissing(error)) return true;
			throw error;
		}
	}

	private groupOf(assignmentId: string): string {
		return join(parentOf(this.root, this.kind), assignmentId);
	}

	private attempt(step: () => void): void {
		try {
			step();
		} catch (error) {
			if (this.warned) return;
			this.warned = true;
			this.logger.warn({ err: error }, "can't limit nodes to their size");
		}
	}
}

function parentOf(root: string, kind: GroupsKind): string {
	return join(root, ...GROUPS[kind].parent);
}

function isMissing(error: unknown): boolean {
	return error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOENT";
}

/** Whether groups with limits can be created below that directory; creates their common parent. */
export function prepareLimits(root: string): LimitsKind {
	const kind = prepareVersion2(root) ? "cgroup-v2" : prepareVersion1(root) ? "cgroup-v1" : "none";
	if (kind !== "none") sweepEmpty(parentOf(root, kind));
	return kind;
}

function prepareVersion2(root: string): boolean {
	try {
		const offered = readFileSync(join(root, "cgroup.controllers"), "utf8").trim().split(/\s+/);
		if (!CONTROLLERS.every((controller) => offered.includes(controller))) return false;
		const parent = parentOf(root, "cgroup-v2");
		accessSync(root, constants.W_OK);
		const wanted = CONTROLLERS.map((controller) => `+${controller}`).join(" ");
		writeFileSync(join(root, "cgroup.subtree_control"), wanted);
		mkdirSync(parent, { recursive: true });
		writeFileSync(join(parent, "cgroup.subtree_control"), wanted);
		return true;
	} catch {
		// No version 2, not root, or a container without permission: all mean no.
		return false;
	}
}

function prepareVersion1(root: string): boolean {
	try {
		accessSync(join(root, "memory", "memory.limit_in_bytes"));
		const parent = parentOf(root, "cgroup-v1");
		mkdirSync(parent, { recursive: true });
		accessSync(parent, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

/** Removes groups that outlived their processes because an agent was killed. The kernel keeps those in use. */
function sweepEmpty(parent: string): void {
	for (const entry of readdirSync(parent, { withFileTypes: true })) {
		try {
			if (entry.isDirectory()) rmdirSync(join(parent, entry.name));
		} catch {
			// In use.
		}
	}
}

let detected: LimitsKind | null = null;

/** Whether and how this host can limit its nodes. Determined once. */
export function detectLimits(): LimitsKind {
	detected ??= prepareLimits(CGROUP_ROOT);
	return detected;
}

let ofThisHost: ProcessLimits | null = null;

/** The limits of this host; null if it has none. */
export function hostLimits(logger: Logger): ProcessLimits | null {
	const kind = detectLimits();
	if (kind === "none") return null;
	ofThisHost ??= new ProcessLimits(CGROUP_ROOT, kind, logger);
	return ofThisHost;
}
