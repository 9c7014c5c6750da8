"use client";

import { useState } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { AddressText } from "../../../_ui/address-text.tsx";
import { CodeBlock } from "../../../_ui/code-block.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { delegationsOf } from "./delegation.ts";

/** More servers than this add no safety. */
const SERVERS_SHOWN = 3;

/** How clients can resolve the cache's names. Shows nothing without a zone. */
export function NamesPanel({ cache }: { cache: Cache }) {
	const [resolver, setResolver] = useState<string | null>(null);
	const { names, gateways } = cache.endpoints;
	if (names === null) return null;
	const delegations = delegationsOf(names, gateways.slice(0, SERVERS_SHOWN));
	const chosen = delegations.find(({ id }) => id === resolver) ?? delegations[0];
	if (chosen === undefined) return null;
	return (
		<Panel title="Names">
			<div className="flex flex-col gap-2.5">
				<p className="text-xs text-pretty text-muted">
					Every host resolves names in{" "}
					<code className="font-mono wrap-anywhere text-foreground">
						<AddressText>{names.zone}</AddressText>
					</code>{" "}
					on port {names.port}, so names keep working when a host is lost. Configure your clients'
					resolver to ask them:
				</p>
				<Segmented
					label="Resolver"
					value={chosen.id}
					options={delegations.map(({ id, label }) => ({ value: id, label }))}
					onChange={setResolver}
				/>
				<p className="font-mono text-xs break-all text-muted">{chosen.file}</p>
				<CodeBlock code={chosen.lines} copyLabel="Copy configuration" />
				<p className="text-xs text-muted">
					For more, such as how to delegate the zone from a public one, see docs/names.md.
				</p>
			</div>
		</Panel>
	);
}
