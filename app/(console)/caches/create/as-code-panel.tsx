"use client";

import { useState, useSyncExternalStore } from "react";
import type { CreateCacheInput } from "../../../../server/contract/create-cache.ts";
import { CodeBlock } from "../../../_ui/code-block.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { STRATEGIES, type StrategyId, strategySnippetsFor } from "../[name]/strategy-snippets.ts";
import { toCliCommand, toCurlCommand } from "./as-code.ts";

const noSubscription = () => () => {};

const FORMS = [
	{ value: "cli", label: "CLI" },
	{ value: "rest", label: "REST" },
	...STRATEGIES.map(({ id, label }) => ({ value: id, label })),
] as const;

/** The same request as text to copy, and what an application will do with the cache. */
export function AsCode({ request }: { request: CreateCacheInput }) {
	const [form, setForm] = useState<"cli" | "rest" | StrategyId>("cli");
	const origin = useSyncExternalStore(
		noSubscription,
		() => window.location.origin,
		() => "",
	);
	const codeOf = () => {
		if (form === "cli") return toCliCommand(request);
		if (form === "rest") return toCurlCommand(request, origin);
		const isCluster =
			request.kind === "serverless"
				? request.protocol !== "standard"
				: request.clusterMode === "enabled";
		const clusterMode = isCluster ? "enabled" : "disabled";
		const [snippet] = strategySnippetsFor({ engine: request.engine ?? "valkey", clusterMode });
		return snippet?.code(null, form) ?? "";
	};
	return (
		<div className="mt-4">
			<div className="mb-2 flex flex-wrap items-center justify-between gap-2">
				<h3 className="text-sm font-semibold">As code</h3>
				<Segmented label="As code" value={form} onChange={setForm} options={FORMS} />
			</div>
			<CodeBlock
				code={codeOf()}
				copyLabel={form === "cli" || form === "rest" ? "Copy command" : "Copy snippet"}
			/>
		</div>
	);
}
