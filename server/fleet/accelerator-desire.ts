import type { AcceleratorSettings } from "../contract/accelerator-process.ts";
import type { HostAccelerators } from "../contract/host-accelerators.ts";
import {
	acceleratorSecretContext,
	FULL_ACCELERATOR,
	type FullAccelerator,
} from "../data/accelerator-rows.ts";
import type { Transaction } from "../data/database.ts";
import type { SecretBox } from "../platform/secrets.ts";

/** Addresses by which a host reaches others, by host id. */
type Addresses = ReadonlyMap<string, string>;

/** What an accelerator's instances need; null while its cache has no endpoint. */
export function acceleratorSettings(
	secrets: SecretBox,
	row: FullAccelerator,
	addresses: Addresses,
): AcceleratorSettings | null {
	const { cache, accessKeyId, secretAccessKey } = row;
	const { port } = cache;
	const hosts = cache.servedByHostIds.flatMap((id) => addresses.get(id) ?? []);
	if (port === null || hosts.length === 0) return null;
	const credentials =
		accessKeyId === null || secretAccessKey === null
			? null
			: {
					accessKeyId,
					secretAccessKey: secrets.open(secretAccessKey, acceleratorSecretContext(row.id)),
				};
	return {
		...{ acceleratorId: row.id, name: row.name },
		upstream: { endpoint: row.upstreamEndpoint, region: row.upstreamRegion, credentials },
		cache: {
			endpoints: hosts.map((host) => ({ host, port })),
			password:
				cache.clientPassword === null
					? null
					: secrets.open(cache.clientPassword, `cache:${cache.id}:client`),
			clusterMode: cache.clusterMode === "enabled",
		},
		itemTtlMs: row.itemTtlSeconds * 1_000,
		queryTtlMs: row.queryTtlSeconds * 1_000,
	};
}

/** Where an accelerator's endpoint leads: to every instance that has a port, whether or not it serves now. */
export function acceleratorEndpoint(
	row: FullAccelerator,
): HostAccelerators["endpoints"][number] | null {
	if (row.port === null) return null;
	return {
		...{ acceleratorId: row.id, name: row.name, port: row.port },
		servers: row.instances.flatMap(({ id, port, host }) =>
			port === null ? [] : [{ instanceId: id, host: host.advertisedAddress, port }],
		),
	};
}

/** What hosts should run and serve of accelerators. No entry for a host with nothing. */
export async function hostAccelerators(
	tx: Transaction,
	secrets: SecretBox,
	hostIds: readonly string[],
): Promise<Map<string, HostAccelerators>> {
	const rows = await tx.accelerator.findMany({
		where: {
			OR: [
				{ servedByHostIds: { hasSome: [...hostIds] } },
				{ instances: { some: { hostId: { in: [...hostIds] } } } },
			],
		},
		...FULL_ACCELERATOR,
	});
	if (rows.length === 0) return new Map();
	const addresses = await readAddresses(tx);
	const found = hostIds.map((hostId) => {
		const own = rows.filter(
			({ servedByHostIds, instances }) =>
				servedByHostIds.includes(hostId) || instances.some((each) => each.hostId === hostId),
		);
		return [hostId, own] as const;
	});
	return new Map(
		found
			.filter(([, own]) => own.length > 0)
			.map(([hostId, own]) => [hostId, onHost(secrets, hostId, own, addresses)]),
	);
}

function onHost(
	secrets: SecretBox,
	hostId: string,
	rows: readonly FullAccelerator[],
	addresses: Addresses,
): HostAccelerators {
	return {
		instances: rows.flatMap((row) => {
			const settings = acceleratorSettings(secrets, row, addresses);
			const own = row.instances.filter((instance) => instance.hostId === hostId);
			if (settings === null) return [];
			const near = preferring(settings, addresses.get(hostId));
			return own.map(({ id }) => ({ id, settings: near }));
		}),
		endpoints: rows
			.filter((row) => row.servedByHostIds.includes(hostId))
			.flatMap((row) => acceleratorEndpoint(row) ?? []),
	};
}

/** With the host's own gateway first. */
function preferring(
	settings: AcceleratorSettings,
	address: string | undefined,
): AcceleratorSettings {
	const { endpoints } = settings.cache;
	const isOwn = ({ host }: { host: string }) => host === address;
	const ordered = [...endpoints.filter(isOwn), ...endpoints.filter((each) => !isOwn(each))];
	return { ...settings, cache: { ...settings.cache, endpoints: ordered } };
}

export async function readAddresses(tx: Transaction): Promise<Addresses> {
	const hosts = await tx.host.findMany({ select: { id: true, advertisedAddress: true } });
	return new Map(hosts.map(({ id, advertisedAddress }) => [id, advertisedAddress]));
}
