-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "resizedFrom" JSONB;

-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "joining" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "leavingAt" TIMESTAMP(3);
