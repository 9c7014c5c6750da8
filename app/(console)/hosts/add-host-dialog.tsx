"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { LIMITS } from "../../../server/contract/limits.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { CodeBlock } from "../../_ui/code-block.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { Banner, ProblemBanner } from "../../_ui/notices.tsx";
import { Segmented } from "../../_ui/segmented.tsx";
import { StepperField } from "../../_ui/stepper-field.tsx";
import { Time } from "../../_ui/time.tsx";

const LIFETIMES = [
	{ value: "1", label: "1 hour" },
	{ value: "24", label: "1 day" },
	{ value: "168", label: "7 days" },
] as const;

/** Makes a token that lets hosts join, and the command that uses it. Mounted while it is open. */
export function AddHostDialog({ onClose }: { onClose: () => void }) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const [hours, setHours] = useState<(typeof LIFETIMES)[number]["value"]>("1");
	const [uses, setUses] = useState(1);
	const create = useMutation(
		trpc.hosts.createJoinToken.mutationOptions({
			gcTime: 0,
			onSuccess: () =>
				queryClient.invalidateQueries({ queryKey: trpc.hosts.listJoinTokens.queryKey() }),
		}),
	);
	const created = create.data;
	return (
		<Dialog
			onClose={onClose}
			title="Add a host"
			size="lg"
			footer={
				created === undefined ? (
					<>
						<Button variant="outline" onPress={onClose}>
							Cancel
						</Button>
						<Button
							isPending={create.isPending}
							onPress={() => create.mutate({ expiresInHours: Number(hours), uses })}
						>
							Create join command
						</Button>
					</>
				) : (
					<Button onPress={onClose}>Done</Button>
				)
			}
		>
			{create.isError && <ProblemBanner title="No token was created" error={create.error} />}
			{created === undefined ? (
				<>
					<p className="text-muted">
						A host is any Linux machine with Node.js that can reach this control plane. The command
						contains a join token. You choose how many hosts can use it, and for how long.
					</p>
					<StepperField
						label="Number of hosts"
						name="uses"
						value={uses}
						min={1}
						max={LIMITS.joinTokenUsesMax}
						onChange={setUses}
					/>
					<div className="flex flex-wrap items-center gap-3">
						<span className="font-medium">Valid for</span>
						<Segmented label="Valid for" value={hours} options={LIFETIMES} onChange={setHours} />
					</div>
				</>
			) : (
				<>
					{created.reachWarning !== null && (
						<Banner tone="warning" title="Other machines can't use this address">
							{created.reachWarning}
						</Banner>
					)}
					<p>On the new host:</p>
					<ol aria-label="Steps on the new host" className="flex flex-col gap-3">
						{created.steps.map(({ text, command }, index) => (
							<li key={text} className="flex min-w-0 gap-2.5">
								<span className="font-semibold tabular-nums">{index + 1}.</span>
								<div className="flex min-w-0 flex-1 flex-col gap-1.5">
									<span className="text-pretty">{text}</span>
									{command !== null && (
										<CodeBlock
											code={command}
											copyLabel={`Copy command of step ${index + 1}`}
											wrap
										/>
									)}
								</div>
							</li>
						))}
					</ol>
					<p className="text-muted">
						Larder shows the token only once. It lets{" "}
						{created.maxUses === 1 ? "one host" : `${created.maxUses} hosts`} join until{" "}
						<span className="text-foreground">
							<Time value={created.expiresAt} />
						</span>
						. The command passes it in the environment, where other users of that machine can't read
						it;
						<code className="font-mono text-xs"> --join-token-file</code> reads it from a file. The
						host appears in the list within seconds. Give each rack or room its own zone, so that
						Larder keeps replicas apart.
					</p>
				</>
			)}
		</Dialog>
	);
}
