import { Button } from "@heroui/react";
import { RefreshCw } from "lucide-react";

export function RefreshButton({ onPress }: { onPress: () => unknown }) {
	return (
		<Button variant="outline" isIconOnly aria-label="Refresh" onPress={() => void onPress()}>
			<RefreshCw aria-hidden />
		</Button>
	);
}
