"use client";

import { ChevronDown } from "lucide-react";
import type { Cache, Endpoint } from "../../../../server/contract/cache-view.ts";
import { plural } from "../../../_lib/format/count.ts";
import { AddressText } from "../../../_ui/address-text.tsx";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { isServerless } from "./serverless/serverless-cache.ts";
import { named } from "./snippets.ts";

const GATEWAYS_NAMED = 3;

export function addressOf({ host, port }: Endpoint): string {
	return `${host}:${port}`;
}

function EndpointRow({
	title,
	hint,
	endpoint,
	name,
}: {
	title: string;
	hint: string;
	endpoint: Endpoint;
	/** The endpoint's DNS name. Without one, the panel shows its address. */
	name: string | null | undefined;
}) {
	const address = addressOf(named(endpoint, name));
	return (
		<div>
			<p className="text-[0.8125rem] text-muted">
				{title} · {hint}
			</p>
			<div className="flex items-center justify-between gap-2">
				<code className="min-w-0 font-mono text-[0.8125rem] wrap-anywhere">
					<AddressText>{address}</AddressText>
				</code>
				<CopyButton text={address} label={`Copy ${title.toLowerCase()} endpoint`} />
			</div>
			{name && <p className="font-mono text-xs break-all text-muted">{addressOf(endpoint)}</p>}
		</div>
	);
}

/** "host-1:7000 … host-3:7001" */
function NodeSpan({ nodes }: { nodes: readonly Endpoint[] }) {
	const first = nodes[0];
	const last = nodes.at(-1);
	if (first === undefined || last === undefined) return null;
	return (
		<code className="block truncate font-mono text-xs text-foreground group-open:hidden">
			{addressOf(first)}
			{last !== first && ` … ${addressOf(last)}`}
		</code>
	);
}

function configurationHint(cache: Cache): string {
	if (cache.engine !== "memcached") return "cluster clients start here";
	return isServerless(cache) ? "reads and writes" : "auto discovery, all nodes";
}

export function EndpointsPanel({ cache }: { cache: Cache }) {
	const { primary, reader, configuration, gateways, names } = cache.endpoints;
	const nodeNames = new Map(names?.nodes.map(({ node, name }) => [node, name]));
	const nodes = cache.endpoints.nodes.map((node) => ({
		...named(node, nodeNames.get(node.node)),
		node: node.node,
	}));
	return (
		<Panel title="Endpoints">
			<div className="flex flex-col gap-2.5">
				{configuration !== null && (
					<EndpointRow
						title="Configuration"
						hint={configurationHint(cache)}
						endpoint={configuration}
						name={names?.configuration}
					/>
				)}
				{primary !== null && (
					<EndpointRow
						title="Primary"
						hint="reads and writes"
						endpoint={primary}
						name={names?.primary}
					/>
				)}
				{reader !== null && (
					<EndpointRow
						title="Reader"
						hint="reads, spread over the replicas"
						endpoint={reader}
						name={names?.reader}
					/>
				)}
				{primary === null && configuration === null && (
					<p className="text-sm text-muted">Endpoints appear here once Larder has assigned them.</p>
				)}
				{gateways.length > 1 && (
					<p className="text-xs text-pretty text-muted" title={gateways.join(", ")}>
						The same ports on each of {gateways.length} hosts:{" "}
						{gateways.slice(0, GATEWAYS_NAMED).join(", ")}
						{gateways.length > GATEWAYS_NAMED && " …"}
					</p>
				)}
				{cache.kind === "provisioned" && nodes.length > 0 && (
					<details className="group border-t border-separator pt-2.5">
						<summary className="flex cursor-pointer list-none items-center justify-between gap-2 text-[0.8125rem] text-muted [&::-webkit-details-marker]:hidden">
							<span className="min-w-0">
								{plural(nodes.length, "node endpoint")}
								<NodeSpan nodes={nodes} />
							</span>
							<ChevronDown
								aria-hidden
								className="size-4 shrink-0 transition-transform group-open:rotate-180"
							/>
						</summary>
						<ul className="mt-1.5 flex max-h-72 flex-col overflow-y-auto">
							{nodes.map((endpoint) => (
								<li key={endpoint.node} className="flex items-center gap-2 text-[0.8125rem]">
									<span className="text-muted">{endpoint.node}</span>
									<code className="ml-auto min-w-0 font-mono text-xs break-all">
										{addressOf(endpoint)}
									</code>
									<CopyButton
										text={addressOf(endpoint)}
										label={`Copy endpoint of ${endpoint.node}`}
									/>
								</li>
							))}
						</ul>
					</details>
				)}
			</div>
		</Panel>
	);
}
