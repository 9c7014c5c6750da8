import { useState } from "react";
import type { AcceleratorView } from "../../../../server/contract/accelerator.ts";
import { CodeBlock } from "../../../_ui/code-block.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";

const FORMS = [
	{ value: "environment", label: "Environment" },
	{ value: "node", label: "Node.js" },
] as const;

/** How AWS's clients are pointed at the accelerator. */
export function ClientSnippets({
	endpoint,
	upstream: { region, accessKeyId },
}: {
	endpoint: string;
	upstream: AcceleratorView["upstream"];
}) {
	const [form, setForm] = useState<"environment" | "node">("environment");
	const code = {
		environment: `export AWS_ENDPOINT_URL_DYNAMODB=${endpoint}`,
		node: [
			`import { DynamoDBClient } from "@aws-sdk/client-dynamodb";`,
			"",
			"const client = new DynamoDBClient({",
			`  endpoint: ${JSON.stringify(endpoint)},`,
			`  region: ${JSON.stringify(region)},`,
			"});",
		].join("\n"),
	}[form];
	const key =
		accessKeyId === null
			? "Clients need an access key, as they always do; any will do here."
			: `Clients sign with access key ${accessKeyId}.`;
	return (
		<div className="mt-4 flex flex-col gap-2 border-t border-border pt-3">
			<Segmented label="Client" value={form} onChange={setForm} options={FORMS} />
			<CodeBlock
				code={code}
				copyLabel={form === "environment" ? "Copy variable" : "Copy snippet"}
			/>
			<p className="text-xs text-pretty text-muted">
				{form === "environment"
					? `AWS's current clients and its CLI read this variable, so the application needs no change. ${key}`
					: `Nothing else in the application changes. ${key}`}
			</p>
		</div>
	);
}
