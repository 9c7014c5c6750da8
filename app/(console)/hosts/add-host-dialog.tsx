"use client";

import { Button } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../../_lib/trpc.ts";
import { CodeBlock } from "../../_ui/code-block.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { Segmented } from "../../_ui/segmented.tsx";
import { Time } from "../../_ui/time.tsx";

const LIFETIMES = [
	{ value: "1", label: "1 hour" },
	{ value: "24", label: "1 day" },
	{ value: "168", label: "7 days" },
] as const;

interface AddHostDialogProps {
	isOpen: boolean;
	onOpenChange: (isOpen: boolean) => void;
}

/** Makes a token that lets hosts join, and the command that uses it. */
export function AddHostDialog({ isOpen, onOpenChange }: AddHostDialogProps) {
	const trpc = useTRPC();
	const [hours, setHours] = useState<(typeof LIFETIMES)[number]["value"]>("24");
	const create = useMutation(trpc.hosts.createJoinToken.mutationOptions({ gcTime: 0 }));
	const close = () => {
		onOpenChange(false);
		create.reset();
	};
	const created = create.data;
	return (
		<Dialog
			isOpen={isOpen}
			onOpenChange={(open) => (open ? onOpenChange(true) : close())}
			title="Add a host"
			size="lg"
			footer={
				created === undefined ? (
					<>
						<Button variant="outline" onPress={close}>
							Cancel
						</Button>
						<Button
							isPending={create.isPending}
							onPress={() => create.mutate({ expiresInHours: Number(hours) })}
						>
							Create join command
						</Button>
					</>
				) : (
					<Button onPress={close}>Done</Button>
				)
			}
		>
			{create.isError && <ProblemBanner title="No token was created" error={create.error} />}
			{created === undefined ? (
				<>
					<p className="text-muted">
						A host is any Linux machine with Node.js that reaches this control plane. The command
						below carries a join token; hosts may join with it until it expires.
					</p>
					<div className="flex flex-wrap items-center gap-3">
						<span className="font-medium">Valid for</span>
						<Segmented label="Valid for" value={hours} options={LIFETIMES} onChange={setHours} />
					</div>
				</>
			) : (
				<>
					<p>Run this on the new host, in a checkout of Larder:</p>
					<CodeBlock code={created.command} copyLabel="Copy join command" wrap />
					<p className="text-muted">
						The token is shown only now and is valid until{" "}
						<span className="text-foreground">
							<Time value={created.expiresAt} />
						</span>
						. The host appears in the list within seconds of joining; give each rack or room a zone
						of its own, so that replicas are kept apart.
					</p>
				</>
			)}
		</Dialog>
	);
}
