"use client";

import { useState, useSyncExternalStore } from "react";
import type { CreateCacheInput } from "../../../../server/contract/create-cache.ts";
import { CodeBlock } from "../../../_ui/code-block.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { toCliCommand, toCurlCommand } from "./as-code.ts";

const noSubscription = () => () => {};

/** The same request as text to copy. */
export function AsCode({ request }: { request: CreateCacheInput }) {
	const [form, setForm] = useState<"cli" | "rest">("cli");
	const origin = useSyncExternalStore(
		noSubscription,
		() => window.location.origin,
		() => "",
	);
	const code = form === "cli" ? toCliCommand(request) : toCurlCommand(request, origin);
	return (
		<div className="mt-4">
			<div className="mb-2 flex items-center justify-between gap-2">
				<h3 className="text-sm font-semibold">As code</h3>
				<Segmented
					label="As code"
					value={form}
					onChange={setForm}
					options={[
						{ value: "cli", label: "CLI" },
						{ value: "rest", label: "REST" },
					]}
				/>
			</div>
			<CodeBlock code={code} copyLabel="Copy command" />
		</div>
	);
}
