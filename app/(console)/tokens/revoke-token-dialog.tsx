"use client";

import { Button, toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiToken } from "../../../server/contract/token.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Dialog } from "../../_ui/dialog.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { Time } from "../../_ui/time.tsx";

interface RevokeTokenDialogProps {
	/** null while closed. */
	token: ApiToken | null;
	onClose: () => void;
}

export function RevokeTokenDialog({ token, onClose }: RevokeTokenDialogProps) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const close = () => {
		onClose();
		revoke.reset();
	};
	const revoke = useMutation(
		trpc.tokens.revoke.mutationOptions({
			onSuccess: async () => {
				await queryClient.invalidateQueries({ queryKey: trpc.tokens.list.queryKey() });
				if (token !== null) toast.success(`Token ${token.name} was revoked`);
				close();
			},
		}),
	);
	return (
		<Dialog
			isOpen={token !== null}
			onOpenChange={(isOpen) => !isOpen && close()}
			title={`Revoke ${token?.name ?? ""}?`}
			footer={
				<>
					<Button variant="outline" onPress={close}>
						Keep it
					</Button>
					<Button
						variant="danger"
						isPending={revoke.isPending}
						onPress={() => token !== null && revoke.mutate({ id: token.id })}
					>
						Revoke token
					</Button>
				</>
			}
		>
			{revoke.isError && <ProblemBanner title="The token wasn't revoked" error={revoke.error} />}
			<p>
				Whatever still uses <code className="font-mono">{token?.prefix}…</code> is refused from then
				on. This can't be undone.
			</p>
			{token !== null && (
				<p className="text-muted">
					Last used:{" "}
					{token.lastUsedAt === null ? "never" : <Time value={token.lastUsedAt} look="relative" />}
				</p>
			)}
		</Dialog>
	);
}
