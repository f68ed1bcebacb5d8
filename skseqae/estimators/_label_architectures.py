"""The networks of a classifier: for one label for each sample, and for sequences of labels."""

from ..networks._architectures import Architecture, Seq2SeqArchitecture
from ._pretrained_encoder import pretrained_state

# where a parameter is None: for one label for each sample, and for sequences of labels
LABEL_DEFAULTS = {"units": 32, "bidirectional": True, "max_steps": 300}
SEQUENCE_DEFAULTS = {"units": 128, "bidirectional": False, "max_steps": 3000}


def defaults_for(label_type):
    """Return the values of parameters that are None."""
    return LABEL_DEFAULTS if label_type == "label" else SEQUENCE_DEFAULTS


def architecture_of_labels(classifier, problem):
    """Return the architecture of a classifier for the labels of a problem."""
    if classifier.tokens and classifier.missing == "mask":
        raise ValueError("Tokens cannot be missing: tokens=True requires missing='error'.")
    label_type, pretrained = problem.fitted_target.label_type, pretrained_state(classifier)
    fields = {
        "n_features": problem.sequences.n_features,
        "n_tokens": len(problem.fitted_input.vocabulary) if classifier.tokens else None,
        "n_classes": len(problem.fitted_target.classes),
        "dropout": float(classifier.dropout),
        "frozen": ("encoder",) if classifier.freeze_encoder else (),
    }
    if pretrained:
        names = ("units", "cell", "activation", "bidirectional", "differences", "patch_size")
        fields |= {name: getattr(pretrained.architecture, name) for name in names}
    else:
        fields |= _own_encoder(classifier, defaults_for(label_type))
        # sequences of labels start from final states, and tokens are neither subtracted nor joined
        if label_type == "label" and not classifier.tokens:
            patch_size = classifier._choose_patch_size(problem.sequences.lengths)
            fields |= {"differences": bool(classifier.differences), "patch_size": patch_size}
    if label_type != "label":
        return Seq2SeqArchitecture(**fields, has_end=label_type == "list")
    return _architecture_of_one_label(classifier, fields)


def _own_encoder(classifier, defaults):
    """Return the fields of an encoder that is not pretrained."""
    is_bidirectional = defaults["bidirectional"] if classifier.bidirectional is None else classifier.bidirectional
    return {
        "units": classifier._check_units(defaults["units"]),
        "cell": classifier.cell,
        "activation": classifier.activation,
        "bidirectional": bool(is_bidirectional),
    }


def _architecture_of_one_label(classifier, fields):
    """Return the architecture of an autoencoder whose encodings are read by a logistic regression.

    Tokens are not reconstructed, nor is anything that does not train the encoder.
    """
    pooling = classifier._check_pooling()
    reconstructs = bool(classifier.reconstruction_weight) and not (classifier.tokens or fields["frozen"])
    # the latent vector replaces the hidden states of both encoders, but the last ones are read as they are
    n_encoders = 1 if pooling else 1 + fields.get("differences", False)
    return Architecture(
        **fields,
        latent_dim=fields["units"][-1] * (1 + fields["bidirectional"]) * n_encoders,
        heads=("reconstruction", "label") if reconstructs else ("label",),
        head_features=(fields["n_features"], 1) if reconstructs else (1,),
        reverse=reconstructs,
        time_features=reconstructs,
        pooling=pooling,
        readout=bool(pooling),
    )
