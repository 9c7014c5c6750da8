"use client";

import type { ReactNode } from "react";
import type { AcceleratorView } from "../../../../server/contract/accelerator.ts";
import { formatDuration } from "../../../_lib/format/time.ts";
import { AddressText } from "../../../_ui/address-text.tsx";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { Facts } from "../../../_ui/facts.tsx";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Time } from "../../../_ui/time.tsx";
import { endpointText } from "../accelerator-words.ts";
import { ClientSnippets } from "./client-snippets.tsx";

export function FactsPanel({ accelerator }: { accelerator: AcceleratorView }) {
	const { cache, upstream, itemTtlSeconds, queryTtlSeconds, createdAt } = accelerator;
	const endpoint = endpointText(accelerator);
	const port = accelerator.endpoint?.port;
	const alternates = accelerator.alternateHosts.map((host) => `${host}:${port}`);
	return (
		<Panel title="Connect and settings">
			<Facts
				facts={[
					["Endpoint", endpoint === null ? "–" : <Address key="endpoint" text={endpoint} />],
					["The same port also serves on", alternates.join(", ") || "–"],
					["Clients sign with", upstream.accessKeyId ?? "Any key: signatures aren't verified"],
					["DynamoDB", <AddressText key="upstream">{upstream.endpoint}</AddressText>],
					["Region", upstream.region],
					[
						"Cache",
						<PageLink key="cache" href={`/caches/${cache}`} className="hover:underline">
							{cache}
						</PageLink>,
					],
					["Items are kept for", formatDuration(itemTtlSeconds * 1_000)],
					["Answers of Query and Scan for", formatDuration(queryTtlSeconds * 1_000)],
					["Created", <Time key="created" value={createdAt} />],
				]}
			/>
			{endpoint !== null && <ClientSnippets endpoint={endpoint} upstream={upstream} />}
		</Panel>
	);
}

function Address({ text }: { text: string }): ReactNode {
	return (
		<span className="inline-flex max-w-full items-center gap-1">
			<code className="min-w-0 font-mono text-xs">
				<AddressText>{text}</AddressText>
			</code>
			<CopyButton text={text} label="Copy endpoint" />
		</span>
	);
}
