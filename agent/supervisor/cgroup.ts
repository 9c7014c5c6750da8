import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../../platform/logger.ts";

export const CGROUP_ROOT = "/sys/fs/cgroup";
const CONTROLLERS = ["memory", "cpu"] as const;
const CPU_PERIOD_US = 100_000;

/**
 * Holds engines to the memory and processors of their node type, by a control group (version 2) for each:
 *
 *   <root>/larder/<assignment id>/   memory.max, cpu.max, and the process in cgroup.procs
 *
 * A cache is worth more with a limit missing than not at all, so a failure is a warning, once.
 */
export class ProcessLimits {
	private readonly root: string;
	private readonly logger: Logger;
	private warned = false;

	constructor(root: string, logger: Logger) {
		this.root = root;
		this.logger = logger;
	}

	/** Puts a process into its group with these limits. Safe to repeat, also with others. */
	apply(assignmentId: string, pid: number, limits: { memoryBytes: number; vcpus: number }): void {
		this.attempt(() => {
			const group = this.groupOf(assignmentId);
			mkdirSync(group, { recursive: true });
			writeFileSync(join(group, "memory.max"), String(limits.memoryBytes));
			writeFileSync(join(group, "cpu.max"), `${limits.vcpus * CPU_PERIOD_US} ${CPU_PERIOD_US}`);
			writeFileSync(join(group, "cgroup.procs"), String(pid));
		});
	}

	/** Removes the group of an instance whose process is gone. */
	remove(assignmentId: string): void {
		this.attempt(() => {
			try {
				rmdirSync(this.groupOf(assignmentId));
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
			}
		});
	}

	private groupOf(assignmentId: string): string {
		return join(this.root, "larder", assignmentId);
	}

	private attempt(step: () => void): void {
		try {
			step();
		} catch (error) {
			if (this.warned) return;
			this.warned = true;
			this.logger.warn({ err: error }, "nodes can't be held to their memory and processors");
		}
	}
}

/** Whether groups with limits can be made below that directory; makes the one that they all lie in. */
export function prepareLimits(root: string): boolean {
	try {
		const offered = readFileSync(join(root, "cgroup.controllers"), "utf8").trim().split(/\s+/);
		if (!CONTROLLERS.every((controller) => offered.includes(controller))) return false;
		const parent = join(root, "larder");
		accessSync(root, constants.W_OK);
		const wanted = CONTROLLERS.map((controller) => `+${controller}`).join(" ");
		writeFileSync(join(root, "cgroup.subtree_control"), wanted);
		mkdirSync(parent, { recursive: true });
		writeFileSync(join(parent, "cgroup.subtree_control"), wanted);
		return true;
	} catch {
		// No version 2, not root, or a container that was given none of it: all say no.
		return false;
	}
}

let detected: "cgroup-v2" | "none" | null = null;

/** Whether this host can hold nodes to their limits. Found out once. */
export function detectLimits(): "cgroup-v2" | "none" {
	detected ??= prepareLimits(CGROUP_ROOT) ? "cgroup-v2" : "none";
	return detected;
}

let ofThisHost: ProcessLimits | null = null;

/** The limits of this host; null where it has none. */
export function hostLimits(logger: Logger): ProcessLimits | null {
	if (detectLimits() === "none") return null;
	ofThisHost ??= new ProcessLimits(CGROUP_ROOT, logger);
	return ofThisHost;
}
