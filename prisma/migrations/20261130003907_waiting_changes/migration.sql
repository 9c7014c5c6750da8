-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "maintenanceWindow" TEXT NOT NULL DEFAULT 'sun:05:00-sun:06:00',
ADD COLUMN     "pendingChanges" JSONB;

-- AlterTable
ALTER TABLE "Shard" ADD COLUMN     "replicas" INTEGER;

-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "leavesFirst" BOOLEAN NOT NULL DEFAULT false;
