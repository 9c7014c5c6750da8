import { createHash, randomUUID } from "node:crypto";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import {
	type Assignment,
	type FailoverOrder,
	watchResultSchema,
} from "../contract/desired-state.ts";
import type { GatewayObservation, Observation, ReportInput } from "../contract/host-report.ts";
import { GIB } from "../contract/limits.ts";
import type { Route } from "../contract/routes.ts";
import { clusterViewText, formatSlots } from "../contract/slots.ts";
import { versionFits } from "../domain/engines/versions.ts";
import { enrollHost } from "../fleet/enroll-host.ts";
import { ingestReport } from "../fleet/ingest-report.ts";
import { watchHost } from "../fleet/watch-host.ts";
import { createJoinToken } from "../services/hosts/create-join-token.ts";
import { type TestResources, testCaller } from "./test-resources.ts";

export const TEST_EPOCH = 1;

export const HOLDS_NOTHING = {
	protocol: AGENT_PROTOCOL_VERSION,
	revision: -1,
	routeRevision: -1,
} as const;

/** A host whose reports the test writes: the other end of the protocol, without processes. */
export async function enrollTestHost({ resources }: TestResources, name: string, zone: string) {
	const { token } = await createJoinToken(
		resources,
		testCaller(),
		{ expiresInHours: 1, uses: 1 },
		"http://control",
	);
	const number = Number(name.replace(/\D/g, "")) || 1;
	const facts = {
		agentVersion: "1",
		bindAddress: `127.0.0.${number}`,
		advertisedAddress: `127.0.0.${number}`,
		cpus: 2,
		memoryBytes: 4 * GIB,
		bootId: "boot",
		engines: [{ engine: "valkey", version: "9.1.2", source: "bundle" as const }],
		limits: "none" as const,
	};
	const enrollment = {
		protocol: AGENT_PROTOCOL_VERSION as typeof AGENT_PROTOCOL_VERSION,
		joinToken: token,
		agentId: randomUUID(),
		credential: `${name}-`.padEnd(43, "x"),
		name,
		zone,
		facts,
	};
	const { hostId } = await enrollHost(resources, enrollment);
	const report = async (overrides: Partial<ReportInput> = {}, isAwaited = true): Promise<void> => {
		const said: ReportInput = {
			protocol: AGENT_PROTOCOL_VERSION,
			clockAheadMs: 0,
			epoch: TEST_EPOCH,
			revision: -1,
			facts: null,
			observations: null,
			setAside: [],
			gateway: null,
			sentinel: null,
			warnings: null,
			orders: [],
			events: [],
			metrics: [],
			usage: [],
			...overrides,
		};
		const { readingsError } = await ingestReport(resources, hostId, said, () => isAwaited);
		if (readingsError !== null) throw readingsError;
	};
	await report();
	const answered = new Set<string>();
	return {
		hostId,
		enrollment,
		report,
		/** The present desired state; throws if a long poll would be needed. */
		async state() {
			// Notices are returned on their own: all of them count as heard. Another call may have been waiting for
			// that.
			for (;;) {
				const notice = this.notices().at(-1)?.seq ?? -1;
				const result = await watchHost(
					resources,
					TEST_EPOCH,
					hostId,
					{ ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice },
					undefined,
				);
				if (result === null) throw new Error("no desired state");
				// An agent refuses all of it if any of it is malformed.
				watchResultSchema.parse(result);
				if (result.desired === null) continue;
				return { ...result.desired, routeTable: result.routes ?? null };
			}
		},
		/** What the host was told outside its desired state. */
		notices() {
			return resources.notices.newer(hostId, -1);
		},
		/** The report of a primary that has handed over. */
		async yield({ from, candidates }: FailoverOrder) {
			const [leader] = candidates;
			const state = await this.state();
			const own = state.assignments.find(({ id }) => id === from.nodeId);
			if (own === undefined || leader === undefined) return;
			const follower: Assignment = { ...own, role: { kind: "replica", of: leader } };
			await report({
				revision: state.revision,
				observations: state.assignments.map((assignment) =>
					asRunning(assignment === own ? follower : assignment, 4_000 + number),
				),
			});
		},
		/**
		 * Carries out failover orders that it hasn't answered: the first candidate becomes primary, and after a planned
		 * failover this host and `fleet` report the old primary as a replica.
		 */
		async obey(fleet: readonly { yield(order: FailoverOrder): Promise<void> }[] = []) {
			for (const notice of this.notices()) {
				if (notice.kind !== "failover" || answered.has(notice.order.id)) continue;
				const { id, kind, candidates, from } = notice.order;
				answered.add(id);
				if (kind === "planned") for (const host of fleet) await host.yield(notice.order);
				const leaderNodeId = candidates[0]?.nodeId ?? null;
				const state = await this.state();
				await report({
					revision: state.revision,
					observations: state.assignments.map((assignment) => {
						const [heir] = candidates;
						const hasYielded = assignment.id === from.nodeId && kind === "planned";
						const follower =
							hasYielded && heir !== undefined
								? { ...assignment, role: { kind: "replica" as const, of: heir } }
								: assignment;
						const seen = asRunning(follower, 4_000 + number);
						if (assignment.id !== leaderNodeId || seen.engineState === null) return seen;
						return { ...seen, engineState: asPrimary(assignment, seen.engineState) };
					}),
					orders: [
						{
							id,
							outcome: "done",
							message: "",
							leaderNodeId,
							writesUnavailableMs: kind === "planned" ? 12 : null,
						},
					],
				});
			}
		},
		/**
		 * Reports every assignment of the desired state as running in its wanted role, and every endpoint as
		 * ready, except those whose ports another program holds.
		 */
		async converge(foreignPorts: readonly number[] = []) {
			const state = await this.state();
			const routes = state.routeTable?.routes ?? [];
			const takenPort = ({ ports }: Route) =>
				Object.values(ports).find((port) => port !== null && foreignPorts.includes(port)) ?? null;
			const gateway: GatewayObservation = {
				phase: "running",
				version: "3.2.26",
				reason: null,
				routeRevision: state.routeTable?.revision ?? -1,
				routes: routes.map((route) => {
					const port = takenPort(route);
					const problem = { code: "port-taken" as const, message: `port ${port} is in use`, port };
					const { cacheId } = route;
					return port === null
						? { cacheId, ready: true, problem: null }
						: { cacheId, ready: false, problem };
				}),
			};
			await report({
				revision: state.revision,
				gateway,
				observations: state.assignments.map((assignment) =>
					foreignPorts.includes(assignment.port)
						? asRefused(assignment)
						: asRunning(assignment, 4_000 + number),
				),
			});
		},
	};
}
/** One host for each named zone: h1, h2 and so on. */
export async function enrollTestHosts(test: TestResources, ...zones: string[]) {
	const hosts = [];
	for (const zone of zones) hosts.push(await enrollTestHost(test, `h${hosts.length + 1}`, zone));
	return hosts;
}

export type TestHost = Awaited<ReturnType<typeof enrollTestHost>>;

/** The versions that engines report. */
const VERSIONS = ["9.1.2", "8.1.1", "7.0.15", "1.6.45"];

/** An agent's report on an assignment that it has carried out. */
export function asRunning(assignment: Assignment, pid: number): Observation {
	const { role } = assignment;
	return {
		assignmentId: assignment.id,
		generation: assignment.generation,
		phase: "running",
		reason: null,
		pid,
		startedAt: "2026-01-01T00:00:00Z",
		silentSince: null,
		busy: false,
		launchPermit: assignment.launchPermit,
		restarts: 0,
		reboot: assignment.reboot,
		pendingParameters: [],
		clientLimit: null,
		keptData: false,
		port: assignment.port,
		engineState: {
			version:
				VERSIONS.find((version) => versionFits(version, assignment.engineVersion)) ?? "9.1.2",
			role: role.kind,
			loading: false,
			primaryHost: role.kind === "replica" ? role.of.host : null,
			primaryPort: role.kind === "replica" ? role.of.port : null,
			linkUp: true,
			synced: true,
			offset: 100,
			onlineReplicas: 0,
			cluster: asFormed(assignment),
		},
	};
}

/** An agent's report on an assignment whose port another program holds. */
function asRefused(assignment: Assignment): Observation {
	const message = `port ${assignment.port} is in use`;
	return {
		...asRunning(assignment, 0),
		...{ phase: "waiting", pid: null, startedAt: null, launchPermit: -1, engineState: null },
		reason: { code: "port-taken", message },
	};
}

/** A replica's state once it is primary. */
function asPrimary(
	assignment: Assignment,
	state: NonNullable<Observation["engineState"]>,
): Observation["engineState"] {
	const { cluster } =
		asRunning({ ...assignment, role: { kind: "primary" } }, 0).engineState ?? state;
	return { ...state, role: "primary", primaryHost: null, primaryPort: null, cluster };
}

function asFormed({ cluster, role }: Assignment) {
	if (cluster === null) return null;
	const own = cluster.shards.find((shard) =>
		shard.members.some((member) => member.nodeId === cluster.nodeId),
	);
	const text = clusterViewText(
		cluster.shards.map(({ slots, primary, members }) => ({
			slots,
			primary,
			replicas: members.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== primary),
		})),
	);
	return {
		nodeId: cluster.nodeId,
		ok: true,
		view: createHash("sha256").update(text).digest("hex"),
		primaryNodeId: role.kind === "replica" ? (own?.primary ?? null) : null,
		slots: role.kind === "primary" ? formatSlots(own?.slots ?? []) : "",
	};
}
