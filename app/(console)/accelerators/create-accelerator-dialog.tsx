"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { createAcceleratorInputSchema } from "../../../server/contract/accelerator.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, issuesByPath } from "../../_lib/form-issues.ts";
import { toNumber } from "../../_lib/to-number.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { CacheField } from "../caches/cache-field.tsx";
import { acceleratorPath } from "./accelerator-words.ts";

const EMPTY = {
	...{ name: "", cache: "", endpoint: "", region: "us-east-1" },
	...{ accessKeyId: "", secretAccessKey: "" },
	...{ itemTtlSeconds: "300", queryTtlSeconds: "60", instances: "2", port: "" },
};
type Field = keyof typeof EMPTY;

/** The field as the API names it. */
const PATHS: Partial<Record<Field, string>> = {
	...{ endpoint: "upstream.endpoint", region: "upstream.region" },
	...{ accessKeyId: "upstream.accessKeyId", secretAccessKey: "upstream.secretAccessKey" },
};

const SHOWN_AT = (Object.keys(EMPTY) as Field[]).map((field) => PATHS[field] ?? field);

/** An empty text is left out. */
function given(name: string, text: string): Record<string, string> {
	return text === "" ? {} : { [name]: text };
}

/** Mounted while it is open. */
export function CreateAcceleratorDialog({ onClose }: { onClose: () => void }) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const [draft, setDraft] = useState(EMPTY);
	const [isSubmitted, setSubmitted] = useState(false);
	const create = useMutation(
		trpc.accelerators.create.mutationOptions({
			// What was sent holds a secret.
			gcTime: 0,
			onSuccess: async ({ name }) => {
				await queryClient.invalidateQueries({ queryKey: trpc.accelerators.list.queryKey() });
				toast.success(`Accelerator ${name} is being created`);
				router.push(acceleratorPath(name));
			},
		}),
	);
	const parsed = createAcceleratorInputSchema.safeParse({
		...{ name: draft.name.trim(), cache: draft.cache },
		upstream: {
			...{ endpoint: draft.endpoint.trim(), region: draft.region.trim() },
			...given("accessKeyId", draft.accessKeyId.trim()),
			...given("secretAccessKey", draft.secretAccessKey),
		},
		itemTtlSeconds: toNumber(draft.itemTtlSeconds),
		queryTtlSeconds: toNumber(draft.queryTtlSeconds),
		instances: toNumber(draft.instances),
		...(draft.port.trim() === "" ? {} : { port: toNumber(draft.port) }),
	});
	const issues = isSubmitted ? issuesByPath(parsed.error) : new Map<string, string>();
	const problem = create.isError ? toApiProblem(create.error) : null;
	const errorOf = (field: Field) => {
		const path = PATHS[field] ?? field;
		return issues.get(path) ?? (problem?.field === path ? asSentence(problem.message) : undefined);
	};
	const set = (field: Field, value: string) => {
		setDraft((old) => ({ ...old, [field]: value }));
		if (create.isError) create.reset();
	};
	const bind = (field: Field) => ({
		...{ name: field, value: draft[field], error: errorOf(field) },
		onChange: (value: string) => set(field, value),
		autoComplete: "off" as const,
	});
	return (
		<FormDialog
			onClose={onClose}
			title="Create an accelerator"
			action="Create accelerator"
			size="lg"
			isPending={create.isPending}
			onSubmit={() => {
				setSubmitted(true);
				if (parsed.success) create.mutate(parsed.data);
			}}
		>
			{problem !== null && !SHOWN_AT.includes(problem.field ?? "") && (
				<ProblemBanner title="No accelerator was created" error={create.error} />
			)}
			<div className="grid items-start gap-3 sm:grid-cols-2">
				<FormTextField label="Name" {...bind("name")} autoFocus placeholder="shop" />
				<CacheField
					value={draft.cache}
					error={errorOf("cache")}
					onChange={(value) => set("cache", value)}
					obstacleOf={({ engine }) =>
						engine === "memcached" ? "Memcached can't keep reads and writes in order." : null
					}
				/>
				<FormTextField
					label="DynamoDB endpoint"
					{...bind("endpoint")}
					placeholder="https://dynamodb.us-east-1.amazonaws.com"
				/>
				<FormTextField label="Region" {...bind("region")} />
				<FormTextField
					label="Access key ID"
					isOptional
					{...bind("accessKeyId")}
					hint="Clients sign with this key, and so does the accelerator. Without one, no signature is verified."
				/>
				<FormTextField
					label="Secret access key"
					isOptional
					type="password"
					{...bind("secretAccessKey")}
					hint="Larder encrypts it and doesn't show it again."
				/>
				<FormTextField
					label="Keep items, in seconds"
					inputMode="numeric"
					{...bind("itemTtlSeconds")}
				/>
				<FormTextField
					label="Keep answers, in seconds"
					inputMode="numeric"
					{...bind("queryTtlSeconds")}
					hint="Of Query and Scan."
				/>
				<FormTextField
					label="Instances"
					inputMode="numeric"
					{...bind("instances")}
					hint="Each runs on a host of its own. Larder spreads them over zones."
				/>
				<FormTextField
					label="Port"
					isOptional
					inputMode="numeric"
					{...bind("port")}
					hint="If empty, Larder chooses one."
				/>
			</div>
		</FormDialog>
	);
}
