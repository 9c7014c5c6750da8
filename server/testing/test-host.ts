import { createHash, randomUUID } from "node:crypto";
import {
	AGENT_PROTOCOL_VERSION,
	type Assignment,
	type FailoverOrder,
	type GatewayObservation,
	type Observation,
	type ReportInput,
} from "../contract/agent.ts";
import { GIB } from "../contract/limits.ts";
import { clusterViewText, formatSlots } from "../contract/slots.ts";
import { enrolHost } from "../fleet/enrol-host.ts";
import { ingestReport } from "../fleet/ingest-report.ts";
import { watchHost } from "../fleet/watch-host.ts";
import { createJoinToken } from "../services/hosts/create-join-token.ts";
import { type TestResources, testCaller } from "./test-resources.ts";

export const TEST_EPOCH = 1;

const HOLDS_NOTHING = {
	protocol: AGENT_PROTOCOL_VERSION,
	revision: -1,
	routeRevision: -1,
} as const;

/** A host whose reports the test writes: the protocol's other end, without processes. */
export async function enrolTestHost({ resources }: TestResources, name: string, zone: string) {
	const { token } = await createJoinToken(
		resources,
		testCaller(),
		{ expiresInHours: 1 },
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
	const enrolment = {
		protocol: AGENT_PROTOCOL_VERSION as typeof AGENT_PROTOCOL_VERSION,
		joinToken: token,
		agentId: randomUUID(),
		credential: `${name}-`.padEnd(43, "x"),
		name,
		zone,
		facts,
	};
	const { hostId } = await enrolHost(resources, enrolment);
	const report = (overrides: Partial<ReportInput> = {}) =>
		ingestReport(resources, hostId, {
			protocol: AGENT_PROTOCOL_VERSION,
			epoch: TEST_EPOCH,
			revision: -1,
			facts: null,
			observations: null,
			setAside: [],
			gateway: null,
			sentinel: null,
			orders: [],
			events: [],
			metrics: [],
			...overrides,
		});
	await report();
	const answered = new Set<string>();
	return {
		hostId,
		enrolment,
		report,
		/** The desired state as it is now; throws if a long poll would be needed. */
		async state() {
			// Notices are answered with alone: all that there are count as heard.
			const notice = this.notices().at(-1)?.seq ?? -1;
			const result = await watchHost(
				resources,
				TEST_EPOCH,
				hostId,
				{ ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice },
				undefined,
			);
			const state = result?.desired;
			if (state == null) throw new Error("no desired state");
			return state;
		},
		/** What the host was told outside of its desired state. */
		notices() {
			return resources.notices.newer(hostId, -1);
		},
		/** What a host says of a primary that has handed over. */
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
		 * Carries out failover orders that it hasn't answered: the first candidate leads, the primary that hands over is a
		 * replica from then on, and their hosts say so.
		 */
		async obey(fleet: readonly { yield(order: FailoverOrder): Promise<void> }[] = []) {
			for (const notice of this.notices()) {
				if (notice.kind !== "failover" || answered.has(notice.order.id)) continue;
				const { id, kind, candidates } = notice.order;
				answered.add(id);
				if (kind === "planned") for (const host of fleet) await host.yield(notice.order);
				const leaderNodeId = candidates[0]?.nodeId ?? null;
				const state = await this.state();
				await report({
					revision: state.revision,
					observations: state.assignments.map((assignment) => {
						const seen = asRunning(assignment, 4_000 + number);
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
		 * Reports every assignment of the desired state as running in the role that it asks for, and every endpoint as
		 * ready.
		 */
		async converge() {
			const state = await this.state();
			const routes = state.routeTable?.routes ?? [];
			const gateway: GatewayObservation = {
				phase: "running",
				version: "3.2.26",
				reason: null,
				routeRevision: state.routeTable?.revision ?? -1,
				routes: routes.map(({ cacheId }) => ({ cacheId, ready: true, problem: null })),
			};
			await report({
				revision: state.revision,
				gateway,
				observations: state.assignments.map((assignment) => asRunning(assignment, 4_000 + number)),
			});
		},
	};
}
/** One host for each zone that is named: h1, h2 and so on. */
export async function enrolTestHosts(test: TestResources, ...zones: string[]) {
	const hosts = [];
	for (const zone of zones) hosts.push(await enrolTestHost(test, `h${hosts.length + 1}`, zone));
	return hosts;
}

export type TestHost = Awaited<ReturnType<typeof enrolTestHost>>;

/** What an agent says of an assignment that it has carried out. */
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
		launchPermit: assignment.launchPermit,
		restarts: 0,
		reboot: assignment.reboot,
		pendingParameters: [],
		port: assignment.port,
		engineState: {
			version: "9.1.2",
			role: role.kind,
			loading: false,
			primaryHost: role.kind === "replica" ? role.of.host : null,
			primaryPort: role.kind === "replica" ? role.of.port : null,
			linkUp: true,
			offset: 100,
			onlineReplicas: 0,
			cluster: asFormed(assignment),
		},
	};
}

/** A replica's state once it leads. */
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
