import { image } from '../../core';

/**
 * MLflow's own image, in the variant that holds PostgreSQL's and S3's drivers and what basic authentication needs: the variant without
 * `-full` holds none of them, and `-full` lacked the last before 3.14.
 *
 * @see https://github.com/mlflow/mlflow/blob/master/docker/README.md
 * @see https://github.com/mlflow/mlflow/issues/23890
 */
export const images = {
  mlflow: image('ghcr.io/mlflow/mlflow:v3.17.0-full'),
};
